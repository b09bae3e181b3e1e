//! Which decimal mark and which order of a date countries and languages use, and where the digits of scripts begin.
//!
//! Written by generate/conventions.py from Unicode CLDR as in Babel 2.19.0, and Unicode 14.0.0. Not edited by hand.
//!
//! Each word is a name, then the decimal mark (`.` or `,`), then which of day, month and year comes first
//! (`d`, `m`, `y`); `?` where the official languages of a country differ.

/// By ISO 3166 alpha-2: what its official languages have in common.
pub(super) const TERRITORIES: &str = "\
    AD,d AE.d AF?y AG.d AI.d AL,d AM,d AO,d AR,d AS.m AT,d AU.d AW?d AX,d BA,d BB.d BD.d BE,d BF,d BG,d BH.d BI,d \
    BJ,d BL,d BM.d BN,d BO,d BR,d BS.d BT.y BW.? BY,d BZ.d CA?y CC.d CD,d CF,d CG,d CH?d CI,d CK.d CL,d CM?d CO,d \
    CR,d CU.d CV,d CW.d CX.d CY,d CZ,d DE,d DG.d DJ,d DK,d DM.d DO.d DZ,d EA,d EC?d EE,d EG.d EH.d ER.? ES,d ET.d \
    FI,d FJ.d FK.d FM.d FO,d FR,d GA,d GB.d GD.d GE,d GF,d GG.d GH.d GI.d GL,y GM.d GN,d GP,d GQ,d GR,d GS.d GT.d \
    GU.m GW,d GY.d HK.d HN.d HR,d HT,? HU,y IC,d ID,d IE.d IL.d IM.d IN.d IO.d IQ.d IR.y IS,d IT,d JE.d JM.d JO.d \
    JP.y KE.d KG,d KH.d KI.d KM?d KN.d KP.y KR.y KW.d KY.d KZ,d LA,d LB,d LC.d LI.d LK.? LR.d LS.? LT,y LU,d LV,d \
    LY,d MA,d MC,d MD,d ME,d MF,d MG?? MH.m MK,d ML,d MM.d MN.y MO.d MP.m MQ,d MR,d MS.d MT.d MU?d MV.d MW.? MX.d \
    MY.d MZ,d NC,d NE,d NF.d NG.d NI.d NL,d NO,d NP.y NR.d NU.d NZ.d OM.d PA.m PE.d PF,d PG.d PH.m PK.d PL,d PM,d \
    PN.d PR.m PS.d PT,d PY?? QA.d RE,d RO,d RS,d RU,d RW?? SA.d SB.d SC?d SD.d SE,y SG.d SH.d SI,d SJ,d SK,d SL.d \
    SM,d SN,d SO.d SR,d SS.d ST,d SV.d SX.d SY.d SZ?? TC.d TD?d TG,d TH.d TJ,d TK.d TL,d TM,d TN,d TO.d TR,d TT.d \
    TW.y TZ.d UA,d UG.d UM.m US.m UY,d UZ,d VA,d VC.d VE,d VG.d VI.m VN,d VU?d WF,d XK,d YE.d YT,d ZA,y ZM.d ZW.?";

/// By language.
pub(super) const LANGUAGES: &str = "\
    aa.d ab.d ady,y af,y agq,d ak.d am.d an.d ann.y apc.y ar.d arn.y ary.y as.d asa.d ast,d az,d ba,d bal.d bas,d \
    be,d bem.d bew.d bez.d bg,d bgc.y bgn.y bho.y blo,m blt.y bm.d bn.d bo.y bqi.y br,d brh.d brx.d bs,d bss.y \
    bua,y byn.d ca,d cad.m cch.y ccp.d ce.y ceb.m cgg.d cho.y chr.m cic.m ckb.y co.d cop.m cs,d csw.y cu.y cv,y \
    cy.d da,d dav.d de,d dje.d doi.d dsb,d dua,d dv.d dyo,d dz.y ebu.d ee.m el,d en.m eo,y es,d et,d eu,y ewo,d \
    fa.y ff,d fi,d fil.m fo,d fr,d frr.d fur.d fy,d ga.d gaa.m gd.d gez.d gl,d gn.y gsw.d gu.d guz.d gv.d ha.d \
    haw.d he.d hi.d hnj.y hr,d hrx.y hsb,d ht,y hu,y hy,d ia,d id,d ie,d ig.d ii.y io.y is,d isv.y it,d iu.m ja.y \
    jbo.y jgo,y jmc.d jv,d ka,d kaa.d kab,d kaj.y kam.d kbd,y kcg.y kde.d kea,d kek.d ken.y kgp,d khq.d ki.d kk,d \
    kkj,d kl,y kln.d km.d kn.d ko.y kok.d kpe.y ks.m ksb.d ksf,d ksh.d ku,d kw.d kxv.d ky,d la.d lag.d lb,d lg.d \
    lij,d lkt.m lld,d lmo.y ln,d lo,d lrc.y lt,y ltg.y lu,d luo.d luy.d lv,d lzz.y mai.d mas.d mdf.y mer.d mfe.d \
    mg.y mgh,d mgo.y mhn.y mi.d mic.y mk,d ml.d mn.y mni.d moh.y mr.d mrh.y ms.d mt.d mua,d mus.m mww.y my.d myv.y \
    mzn.y naq.d nb,d nd.d nds.d ne.y nl,d nmg,d nn,d nnh,d no,d nqo.y nr,y nso.y nus.d nv.y ny.y nyn.d oc.d oka.y \
    om.m or.m os.d osa.m pa.d pap.d pcm.d pi.y pis.y pl,d pms,y prg.d ps,y pt,d qu.d quc.d raj.y rhg.y rif.d rm,d \
    rn,d ro,d rof.d ru,d rw,y rwk.d sa.d sah,y saq.d sat.d sbp.d sc,d scn,d sd.y sdh.y se,y seh,d ses.d sg,d sgs.y \
    shi,d shn.y si.y sid.d sk,d skr.y sl,d sma.y smj.y smn,d sms.y sn.y so.d sq,d sr,d ss,y ssy.d st.y su,d sus.y \
    suz.y sv,y sw.d syr.d szl.d ta.d te.d teo.d tg,d th.d ti.m tig.d tk,d tn.y to.d tok,y tpi.d tr,d trv.y trw.d \
    ts,y tt,d twq.d tyv.y tzm,d ug.y uk,d ur.d uz,d vai.d ve,y vec,d vi,d vmw.y vo.y vun.d wa.y wae.y wal.d wbp.y \
    wo,d xdq.y xh.m xnr.d xog.d yav,d yi.d yo.d yrl,d yue.y za.y zgh,d zh.y zu.y";

/// By language and country, where they differ from the language's.
pub(super) const REGIONAL: &str = "\
    ar-DZ,d ar-LB,d ar-LY,d ar-MA,d ar-MR,d ar-TN,d de-CH.d de-LI.d en-AE.d en-AG.d en-AI.d en-AT,d en-AU.d \
    en-BB.d en-BE,d en-BM.d en-BS.d en-BW.d en-BZ.d en-CA.y en-CC.d en-CH.d en-CK.d en-CM.d en-CX.d en-CY.d \
    en-CZ,d en-DE,d en-DG.d en-DK,d en-DM.d en-EE,d en-ER.d en-ES,d en-FI,d en-FJ.d en-FK.d en-FM.d en-FR,d \
    en-GB.d en-GD.d en-GE,d en-GG.d en-GH.d en-GI.d en-GM.d en-GS.d en-GY.d en-HK.d en-HU,d en-ID,d en-IE.d \
    en-IL.d en-IM.d en-IN.d en-IO.d en-IT,d en-JE.d en-JM.d en-JP.y en-KE.d en-KI.d en-KN.d en-KY.d en-LC.d \
    en-LR.d en-LS.d en-LT,d en-LV,d en-MG.d en-MO.d en-MS.d en-MT.d en-MU.d en-MV.d en-MW.d en-MY.d en-NA.d \
    en-NF.d en-NG.d en-NL,d en-NO,d en-NR.d en-NU.d en-NZ.d en-PG.d en-PK.d en-PL,d en-PN.d en-PT,d en-PW.d \
    en-RO,d en-RW.d en-SB.d en-SC.d en-SD.d en-SE,y en-SG.d en-SH.d en-SI,d en-SK,d en-SL.d en-SS.d en-SX.d \
    en-SZ.d en-TC.d en-TK.d en-TO.d en-TT.d en-TV.d en-TZ.d en-UA,d en-UG.d en-VC.d en-VG.d en-VU.d en-WS.d \
    en-ZA,y en-ZM.d en-ZW.d es-BR.d es-BZ.d es-CU.d es-DO.d es-GT.d es-HN.d es-MX.d es-NI.d es-PA.m es-PE.d \
    es-PR.m es-SV.d es-US.d fr-CA,y fr-RW.d it-CH.d ms-BN,d ms-ID,d qu-BO,d se-FI,d sv-AX,d sv-FI,d sw-CD,d";

/// The zero of each script beside ASCII; nine more digits follow it.
#[rustfmt::skip]
pub(super) const ZEROS: &[u32] = &[
    0x660, 0x6f0, 0x7c0, 0x966, 0x9e6, 0xa66, 0xae6, 0xb66, 0xbe6, 0xc66, 0xce6, 0xd66,
    0xde6, 0xe50, 0xed0, 0xf20, 0x1040, 0x1090, 0x17e0, 0x1810, 0x1946, 0x19d0, 0x1a80, 0x1a90,
    0x1b50, 0x1bb0, 0x1c40, 0x1c50, 0xa620, 0xa8d0, 0xa900, 0xa9d0, 0xa9f0, 0xaa50, 0xabf0, 0xff10,
    0x104a0, 0x10d30, 0x11066, 0x110f0, 0x11136, 0x111d0, 0x112f0, 0x11450, 0x114d0, 0x11650, 0x116c0, 0x11730,
    0x118e0, 0x11950, 0x11c50, 0x11d50, 0x11da0, 0x16a60, 0x16ac0, 0x16b50, 0x1d7ce, 0x1d7d8, 0x1d7e2, 0x1d7ec,
    0x1d7f6, 0x1e140, 0x1e2f0, 0x1e950, 0x1fbf0,
];
