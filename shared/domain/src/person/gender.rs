//! Given names that tell how somebody is addressed. Only those of the table of short forms, and only what is a man's or a woman's
//! alone wherever it is given: it is asked where a letter says `Frau Low`, and somebody called Peter Low is known at that number.

/// How a person is addressed.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Address {
    /// Mr.
    Man,
    /// Mrs, Ms or Miss.
    Woman,
}

/// Men's.
const MEN: &str = "\
aaron abdallah abdulla abdullah abe abraham adam ahmad ahmed alan albert alberto alec alejandro aleksandr aleksei \
alexander alexei alexey alf alfred alfredo allan allen alyosha andre andreas andres andrew anthony anton antonio art \
arthur bas benjamin benji beppe bernard bernd bert bill bob bram brandon brian bruce bryan carl carlo carlos charles \
chas christiaan christoph christopher chuck colin craig cristian curt daniel darren dave davey david denis dennis \
denny dick diego dmitri dmitriy dmitry dominik donald doug douglas ebrahim eduardo edward edwin elijah elliot \
enrique eric erich erik esteban ethan eugene evgeny federico felipe felix fernando francesco francisco francois \
frank franz fred frederick friedrich fritz gabe garry gary geoff geoffrey georg gerald gerard gerhard giuseppe \
graeme graham greg gregory guillermo hal hank hans harold harrison harry hasan hassan heinrich heinz helmut henry \
hossein hugh hugo husain hussain hussein iain ian ibrahim ignacio isaac ivan jack jackson jacob jake jakob jakub \
james janek jas jason jeff jeffrey jeremiah jeremy jess jim jimmy joe johan johann johannes john johnathon johnny \
jon jonathan jonathon jonny jorg jorge josef joseph josh joshua juanito jules julian julio julius jurgen justin \
kareem karim karl keith kenneth kenny kev kevin khaled khalid klaus krzysztof kurt lachlan larry lawrence leon \
leonard leonardo lewis liam lorenz lorenzo louis lucas ludwig luigi luis lukas manolo manuel marc marco marcos \
marcus mario mark markus martin mateo mathew matt matteo matthew matthias maurice maximilian maxwell michael micheal \
michel mick micky miguel mikhail misha mitch mitchell mohamad mohamed mohammad mohammed morris muhammad muhammed \
nacho nathan nathaniel neal ned neil niall nic nicholas nico nicolas nigel niklas noah norman oliver omar oscar otto \
owen pablo paco paddy pancho paolo pasha patrick paul paulo pavel pedro pepe pete peter petr phil philip philipp \
phillip pierre pieter pietro quique rafael raimund ramon randall randolph raphael rasheed rashid raymond reg \
reginald ricardo richard richie rick rob robert roberto roger roland rolf ron ronald roy rudi rudolf rupert salvador \
sammy samuel santiago saul scott seb sebastian sepp sergei sergey sergio shaun simon stan stanislaw stanley stefan \
stephan stephen steve steven stewart stu stuart ted terence terrence thad thaddeus theo thomas tim timmy timothy \
tobi tobias todd tom tomas tomasz travis trevor ulrich umar uwe vern vernon vero vicente victor viktor vince vincent \
vinnie vladimir volodya walt walter walther warren wayne wilhelm william wojciech wolf wolfgang xander xavier \
yevgeny yousef youssef yousuf yusuf zach zachary zack";
/// Women's.
const WOMEN: &str = "\
abbie abby abigail adriana aga agnes agnieszka aileen aisha alejandra aleksandra alexa alexandra alice alicia \
allison amanda amber amelia ana angela angie anita ann anna annabel annie antonia audrey ayesha aysha babs barb \
barbara barbie bea beatrice beatriz becca becky bella beth betsy betty brenda bridget bridie carla carole caroline \
carolyn carrie catalina catherine cathy cecilia cecily celia charlotte chelo chloe chrissy christa christina \
christine cindy claire clara claudia concha conchita consuelo cristina cynthia daisy daniela daniella danielle dawn \
debbie deborah debra denise diana diane dianne dolly dolores donna dora dorothy dot dottie edie edith eileen \
ekaterina ela elaine eleanor elena elisabeth eliza elizabeth ella ellie elsie elzbieta emilia emily emma emmy erica \
erika esther eva evie fatima fatimah fatma felicity fiona florence florrie francesca francie franziska gabriela \
gabrielle gemma georgia georgina gillian gina ginger ginny grace gracie greta hanna hannah harriet hattie heather \
heidi helen helena henrietta hetty holly ida ingrid irene isabel isabella isabelle jacqueline janet janice jasmine \
jeanne jenna jennifer jenny jessica jill joanie joanna joanne johanna josephine judith judy julia juliana julie \
juliet june karin karla kat katarzyna kate katharina katherine kathleen kathryn kathy katie katrin katya kirsten \
kirsty kitty kristin kristina laila laura layla lea leah leila lena lexi lillian lilly lily linda lindy lisa lissa \
liv liz liza lizzie lola lori lorraine lottie louisa louise lucia lucy luisa lupita lydia maddie maddy madeleine \
madeline madge maggie malgorzata mandy manuela maren margaret margarete margarita marge margie marilyn marjorie \
marlene martha martina masha mathilde matilda maureen maya meg megan melanie melissa mercedes mia michaela michelle \
mildred millie miriam missy mitzi molly monica monika nancy natalia natalie natalya natasha nicole nora norma olga \
olivia pam pamela patricia patty paula pauline peg peggy penelope penny petra phoebe phyllis pilar pili polly \
rachael rachel raquel rebecca regina renee rita roberta rosa rose rosemary rosie roxanne ruby ruth sally samantha \
sandra sara sarah shari sheila sienna silvia sofia sophia sophie stefania stefanie stella stephanie sue susan \
susanna susanne susie suzanne suzy sybil sylvia tamara tammy tania tanya tara tatiana tatyana teresa tess tessa \
theresa therese tina tori tricia trish trixie ursula uschi valentina valerie vanessa vanya vera veronica veronika \
vicki vicky victoria viktoria violet virginia wanda wendy yasmin yekaterina yulia yuliya yulya yvette yvonne zainab \
zara zaynab zeinab zoe zuzana";

/// How somebody of this folded given name is addressed, where that is certain.
pub(super) fn address_of(given: &str) -> Option<Address> {
    let has = |names: &str| names.split(' ').any(|name| name == given);
    match (has(MEN), has(WOMEN)) {
        (true, false) => Some(Address::Man),
        (false, true) => Some(Address::Woman),
        _ => None,
    }
}
