//! Family names that are written before the given name in Chinese, Korean, Japanese and Vietnamese, and that forms in the West keep
//! there: what follows them are given names.
//!
//! The commonest of each language, folded. It need not be complete: behind a family name that is missing a slip of the pen counts as
//! one in a family name.

const WRITTEN_FIRST: &str = "\
ahn bae bai bui cai cao chan chang chen cheng cheung chiu cho choi chou chow chu chung dang dao ding dinh do doan dong duong \
fang feng fu fujita fukuda gao goto guo han hasegawa hashimoto hayashi he ho hoang hong hsieh hsu hu huang hwang ikeda inoue \
ishii ishikawa ito jang jeon jeong jia jiang jin jung kang kato kim kimura kobayashi kondo kwak kwon lai lam lau le lee leung li \
liang liao lim lin liu lo lu luo luong ly ma maeda mai matsumoto mori murakami nakajima nakamura nakano ng ngo nguyen ni nishimura \
ogawa oh okada ono pak pan park peng pham phan qian qiu ren ryu saito sakamoto sasaki sato seo shen shi shimizu shin son song su \
sun suzuki takahashi tan tanaka tang tian tran trinh truong tsai vo vu wada wang watanabe wei wen wong woo wu xia xiao xie xu \
yamada yamaguchi yamamoto yamashita yan yang yao ye yeung yin yoo yoon yoshida yu yuan yun zeng zhang zhao zheng zhou zhu";

/// Whether a folded word is a family name that is written first.
pub(super) fn is_written_first(word: &str) -> bool {
    WRITTEN_FIRST.split(' ').any(|name| name == word)
}
