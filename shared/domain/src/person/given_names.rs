//! Given names that people go by: each group is one name with its short forms and spellings. A name may stand in several groups.
//!
//! Written for English-speaking clients, with what is common among their Spanish, German, French and Italian customers. It need
//! not be complete: a name that is missing is compared by its letters.

use strsim::osa_distance;

use super::fold::are_one_but_doubled;

/// Groups, their names folded and separated by blanks. What a bar parts is one name in two languages, or has become two: father
/// and son are Pedro and Peter, mother and daughter Maria and Marie, so that only people can tell whether it is one person.
const GROUPS: &str = "\
aaron ron ronnie\nabigail abby abbie gail\nabraham abe bram\nadam\nadrian\nadriana\nagnes\nahmed ahmad\n\
alan allan allen al\nalbert al bert bertie | alberto\nalexander alex al alec sandy sasha xander | alejandro\n\
alexandra alex alexa sandra sandy sasha lexi alexis | alejandra\nalexis\nalfred alf alfie fred freddie | alfredo\n\
alice ali | alicia ali\nalison allison ali allie\namanda mandy\namber\namelia millie | amy | mia\namy\n\
ana anna ann annie | anne ann annie | anita\nandrea andi\nandrew andy drew | andreas andy | andre | andres\nangel\n\
angela angie\nannabel bella\nanthony tony | anton toni | antonio tony toni\nantonia toni\narthur art artie\n\
ashley ash\naudrey\nbarbara barb babs barbie\nbeatrice bea trixie | beatriz\nbenjamin ben benny benji\n\
bernard bernie | bernd\nbeth\nbrandon\nbrenda\nbrian bryan\nbridget bridie\nbruce\ncarl karl | carlos\ncarla karla\n\
carmen\ncarol carole caroline carolyn carrie\ncasey kasey\n\
catherine katherine kathryn cathy kathy kate katie kat kitty | kathleen kathy kate katie kat | katharina | katrin | catalina\n\
cecilia | cecily | celia\ncharles charlie chuck chas | carlos | carlo | karl\ncharlotte charlie lottie\nchloe\n\
christian chris christiaan cristian\n\
christina chris christy tina cristina kristina chrissy | christine chris christy kristin chrissy | kirsten | christa\n\
christopher chris kit topher | christoph chris\nclara | claire clare\nclaude\nclaudia\ncolin\ncraig\ncynthia cindy\n\
daisy\ndana\ndaniel dan danny\ndaniela daniella danielle dani\ndarren\ndavid dave davy davey\ndawn\n\
deborah debra deb debbie\ndenis dennis denny\ndenise\ndiana di | diane dianne di\ndiego\ndominic dominik nick dom\n\
donald don donny\ndonna\ndorothy dot dottie dolly | dora\ndouglas doug\ndylan\nedith edie\n\
edward ed eddie ted ned | eduardo\nedwin ed eddie\neileen aileen\nelaine\neleanor ellie nell nora | elena\n\
elijah eli\nelizabeth elisabeth liz lizzie beth betty eliza elsie betsy libby | lisa liza | isabel\nella\n\
ellen nell\nelliot\nemily em emmy | emilia\nemma em emmy\neric erik erich\nerica erika\nerin\nesther hester\nethan\n\
eugene gene\neva evie | eve evie\nevelyn evie\nfelicity fliss\nfelix\nfernando\nfiona\nflorence flo florrie\n\
frances fran francie frankie | francesca | franziska\n\
francis frank frankie | francisco paco pancho | franz | francesco | francois\n\
frederick fred freddie | friedrich fritz fred | federico\ngabriel gabe\ngabriela gabrielle gabi gaby\ngarry gary\n\
gemma\ngeoffrey jeffrey geoff jeff\ngeorge georgie | jorge | georg | jorg | juergen jurgen\n\
georgia georgina georgie\ngerald gerry jerry | gerhard gerd\ngerard gerry\ngillian jill\ngloria\ngrace gracie\n\
graham graeme\ngregory greg\nguillermo memo\nhannah hanna\nhans johannes johann\nharold harry hal\nharriet hattie\n\
harrison harry\nheather\nheidi\nhelen nell | helena lena\nhelmut\nhenry harry hank | heinrich heinz | enrique\n\
henrietta hetty\nholly\nhugh hugo hughie\nian iain\nida\nignacio nacho\ningrid inge\nirene\nisaac ike zac\n\
isabel isabella isabelle izzy bella\nivan\njack jackson\njacob jake jakob\njacqueline jackie\n\
james jim jimmy jamie | jaime | santiago\njamie\njane jenny | janet jan\njanice jan\njasmine jas yasmin\njason\n\
javier\njean\njeanne\njeremy jeremiah jerry\njennifer jen jenny jenna\njesse\njessica jess jessie\njesus chuy\njill\n\
joan joanie\njoanna jo | joanne jo | johanna\njohn jon johnny jack | juan juanito | johan\n\
jonathan jon jonny john johnathon jonathon | nathan\njordan\njorge\njose pepe | joseph\n\
joseph joe joey | josef | giuseppe\njosephine josie jo\njoshua josh\njoyce\njuan juanito\njudith judy jude\n\
julia jules | julie jules | juliana | juliet jules\njulian jules | julio\njulius\njune\njustin\nkaren karin\nkeith\n\
kelly\nkenneth ken kenny\nkevin kev\nkimberly kimberley kim kimmie\nkirsty\nkurt curt\nkyle\nlachlan lachie\nlarry\n\
laura laurie lori | lauren laurie\nlawrence larry laurence laurie | lorenz | lorenzo\nleah lea\nlee\n\
leonard len lenny leo | leon leo | leonardo leo\nleslie les lesley\nlewis louis lou | luis | ludwig | luigi\n\
lily lilian lillian lilly\nlinda lindy\nlindsay lindsey\nlisa\nlogan\nlorraine\nlouisa lou luisa | louise lou\n\
lucas luke lukas | luca\nlucy | lucia | luz\nlydia\nlynn\nmadeline madeleine maddie maddy | madison maddie maddy\n\
maggie\nmanuel manny manolo\nmanuela\nmarcus markus marc mark | marco | marcos\n\
margaret maggie meg peggy peg marge margie madge | greta margarete | rita margarita\n\
mary molly polly | maria mia mitzi | marie | maren | miriam\nmarilyn\nmario\nmarion marian\nmarjorie marge\nmarlene\n\
martha marty\nmartin marty\nmartina\nmatilda tilly mathilde\nmatthew matt matty mathew | mateo | matthias | matteo\n\
maureen mo\nmaxwell max maximilian\nmaya\nmegan meg\nmelanie mel\nmelissa mel missy lissa\nmercedes merche\nmercy\n\
mia\nmichael mike mick mickey micky mikey mitch micheal | miguel | michel\nmichaela\nmichelle michele shelly\n\
miguel\nmildred millie\nmitchell mitch\nmohammed muhammad mohamed mohammad mohamad muhammed mo\nmonica monika\n\
morgan\nmorris maurice\nnancy nan\nnatalie nat | natalia nat natasha\nnathan nate nathaniel nat\nneil neal niall\n\
nicholas nick nicky nicolas nico | klaus | niklas | nicola nicky\nnicole nicky nikki nic | nicola nicky nikki\n\
nigel\nnoah\nnorma\nnorman norm\nolga\noliver ollie\nolivia liv livvy\noscar\notto\nowen\npamela pam\n\
patricia pat patty tricia trish patsy\npatrick pat paddy rick\npaul pauly | pablo | paulo | paolo\npaula\npauline\n\
penelope penny\npeter pete | pedro | pierre | piet pieter | petr | pietro\npetra\n\
philip phillip philipp phil pip | felipe\nphoebe\nphyllis\nrachel rachael rae\nrafael raphael raf rafa\nramon\n\
randall randy randolph\nraquel\nraymond ray | raimund\nrebecca becky becca bec\nregina gina\nreginald reg reggie\n\
renee\nricardo richard\nrichard rich rick ricky dick richie | ricardo\nrita\n\
robert rob bob bobby robbie bert | roberto | rupert\nroberta bobbie\nrobin robyn\nroger rodge\nroland rolf\n\
ronald ron ronnie\nrosa rosie | rose rosie\nrosemary rosie\nroxanne\nroy\nruby\nrudolf rudi\nruth\nryan\nsally\n\
salvador\nsamantha sam sammy\nsamuel sam sammy\nsandra sandy\nsara sarah sally\nsaul\nscott\nsebastian seb bas\n\
sergio\nshannon\nsharon shari\nsheila\nshirley\nsidney sydney sid\nsienna\nsilvia sylvia\nsimon\nsimone\n\
sofia sophia | sophie\nstanley stan\nstella\nstephanie steph stefanie | stefania\n\
stephen steven steve stevie | stefan stephan | esteban\nstewart stuart stu\n\
susan sue susie suzy | susanna susanne suzanne susie suzy | zuzana\nsybil\ntamara tammy\ntanya tatiana tania\ntara\n\
teresa theresa terry tess tessa | therese\nterence terrence terry\nthaddeus thad ted\ntheodore ted theo teddy\n\
thomas tom tommy thom | tomas\ntiffany tiff\ntimothy tim timmy\ntina\ntobias toby tobi\ntodd\ntracy tracey\ntravis\n\
trevor trev\ntyler ty\nulrich uli\nursula uschi\nuwe\nvalerie val valentina\nvanessa nessa\nvera\nvernon vern\n\
veronica ronnie vero veronika\nvictor vic viktor\nvictoria vicky vicki tori viktoria\n\
vincent vin vince vinnie | vicente\nviolet vi\nvirginia ginny ginger\nvivian viv\nwalter walt wally walther\nwanda\n\
warren\nwayne\nwendy\nwilliam will bill billy willy willie | liam | wilhelm willy | guillermo\nwolfgang wolf\n\
yvonne\nyvette\nxavier javier\nzachary zach zack zac\nzara\nzoe\nsean shaun shawn\nabdullah abdallah abdulla\n\
aisha aysha ayesha\nfatima fatma fatimah\nhassan hasan\nhussein husain hussain hossein\nibrahim ebrahim\n\
karim kareem\nkhaled khalid\nlayla leila laila\nomar umar\nrashid rasheed\nyusuf youssef yousef yousuf\n\
zainab zeinab zaynab\nagnieszka aga\naleksandra ola\nelzbieta ela\njan janek\njakub kuba\nkatarzyna kasia\n\
krzysztof krzysiek\nmalgorzata gosia malgosia\nstanislaw staszek\ntomasz tomek\nwojciech wojtek";

/// Further names, each of its own: near to another one, and no slip of it.
const OTHERS: &str = "\
abel ada adela adele adelina adolf adolfo aida aiden alba alberta albertina aldo alena alessandra alessandro alessia \
alessio alfonso alina alma alois alva alvaro alvin amalia amelie amina amir amira andrej andrzej angelina angelo \
anika anja anke annalena annelie annette annika anouk antoine antoinette april ariana ariel armando armin arno \
arnold aron arturo astrid august augusta augustin axel bastian bianca birgit birgitta bjorn bogdan boris brent brett \
bruno camila camilla camille camillo cara carina carine carlotta carmela carmelo carolina cassandra cedric celina \
celine cesar chantal charlene chiara christel clemens clement clementine cole conrad constance constantin cora \
corinna corinne cornelia cornelius cyril dalia damian damien daria dario darius darlene davide davina dean delia \
delphine derek desiree dieter dina dino dirk domenico dominique dorian doris dorothea dragan dustin edgar edmund \
edoardo edwina egon eliana elias elina elio elisa elise elmar elsa elvira emanuel emanuela emil emile emiliana \
emiliano emilio emine emre enzo ernest ernesto ernst erwin estelle eugenia eugenio fabian fabiana fabien fabienne \
fabio fabiola fabrice fabrizio farid federica ferdinand fernanda filippa filippo flora florian florin franca franco \
franka frida frieda fritzi gaetano gaston genevieve georges georgette geraldine germaine gian gianna gianni gilbert \
gilberto gino giorgia giorgio giovanna giovanni gisela giulia giuliana giuliano giulio giuseppina gordon gudrun \
guido gustav gustavo guy hana hanne hannes hanno hedwig heike heiko heino helga helge henrik henrike herbert hermann \
hilda hilde horst igor ilona ilse imran ina ines ingo ira irina iris irma isolde ivana ivo jamil jamila jana janina \
janine jelena jens joachim joana joao joaquin jochen joel joela joelle jonas jorgen joris josefa josefina jost juana \
juanita judit julien julienne justina justine kai kara karima karina karolina kasper katja katrina kay khalida \
kilian lara larissa lars laurent laurenz leni leona leonie leonora leopold leticia lia lidia lina lino lioba lisbeth \
lola lorena lorenza lothar louane luana luciana luciano lucien lucienne lucio ludovic luigia luise lukasz luna lutz \
lydie magda magdalena maike maja malik malika malte manfred manon marcel marcela marcella marcelle marcello marcelo \
marcin marek margot mariam mariana marianna marianne mariano marina marine marino marisa marisol marita marius marko \
marlon marta martino marvin massimo maura mauricio maurizio mauro maxim maxime maximiliana mehmet mehtap melina meta \
michal mila milan milena milo mina mira mirco mirja mirko moira mona moritz mustafa nabil nabila nadia nadine nadja \
naomi natascha nela nelly nestor nicoletta niels nikolai nils nina nino noel noelle noor norbert nour odette olaf \
olav oleg olivier oliviero ortrud osman ottavio ottilie paola pascal pascale patrice patricio paulette paulina \
paulino pavel peer per perla petar philippa philippe pia pierrette pilar pina piotr priscilla quentin rafaela \
raffaele raffaella rahel rainer raisa ralf ramona rashida raul reiner reinhard reinhold remo renata renate renato \
rene riccarda rico robertina rocco rodolfo rodriga rodrigo roman romana romeo romina romy ronja rosalia rosalie \
rosalinda rosanna rosario rosina rossana roswitha ruben rubina rudolfa rufus sabina sabine sabrina salvatore samir \
samira sandrine sandro selina selma serena serge sergej severin severina sibylle siegfried sieglinde sigrid silke \
silva silvan silvana silvano silvio sina sonia sonja soren stanislav stefana steffen steffi sunniva sven svenja \
svetlana sylvain sylvie tabea tamar tarek tatjana telma thea theodora theresia thilo thora tiago tilda till tilman \
timo tino titus toralf torsten traude trude ulf ulrike umberto urs ursin ute valentin valentino valeria valerio \
vanja viola violetta virginie vito vittoria vittorio vladimir volker waldemar waltraud wendelin werner wibke wiebke \
wilhelma wilhelmina wilma wilmar winfried xenia yann yannick yara yves zita zoltan";

/// By what the name of a man differs at its end from a woman's, or the same name in one language from that in another.
const ENDINGS: [&str; 40] = [
    "", "a", "e", "o", "i", "y", "s", "as", "es", "is", "os", "us", "ia", "ie", "io", "ius", "ja", "ka", "la", "le",
    "lla", "lle", "na", "ne", "nna", "nne", "ina", "ine", "ino", "ita", "ito", "ta", "te", "tta", "tte", "etta",
    "ette", "in", "ssa", "fa",
];
/// Of names that are known to be forms of one name, those that are another person's as often.
const OTHER_LANGUAGE: [&str; 3] = ["o", "os", "s"];
/// Fewer letters are near to many names.
const FEWEST: usize = 5;

/// Whether two names are one word with two endings: `Carlo` and `Carla`, `Frank` and `Franka`.
pub(super) fn are_two_endings(one: &str, other: &str) -> bool {
    let same = one.chars().zip(other.chars()).take_while(|(one, other)| one == other).count();
    let rest = |word: &str| word.chars().skip(same).collect::<String>();
    let (one, other) = (rest(one), rest(other));
    same >= 2 && one != other && ENDINGS.contains(&one.as_str()) && ENDINGS.contains(&other.as_str())
}

/// Names of the table that an unknown one is nearest to by slips of the pen, and of which it is not another ending.
fn slips_of(unknown: &str) -> Vec<&'static str> {
    let length = unknown.chars().count();
    let most = if length < 7 { 1 } else { 2 };
    let names = GROUPS.split(['\n', ' ']).chain(OTHERS.split(' '));
    let names = names.filter(|name| *name != "|" && name.len().abs_diff(length) <= most);
    let near: Vec<_> =
        names.map(|name| (osa_distance(unknown, name), name)).filter(|(slips, _)| *slips <= most).collect();
    let is_slip = |name: &str| !are_two_endings(unknown, name) || are_one_but_doubled(unknown, name);
    let near: Vec<_> = near.into_iter().filter(|(_, name)| is_slip(name)).collect();
    let least = near.iter().map(|(slips, _)| *slips).min();
    near.into_iter().filter(|(slips, _)| Some(*slips) == least).map(|(_, name)| name).collect()
}

/// Whether of two names, one of which is known at least, one is a form or a slip of the other and nobody else's.
pub(super) fn are_of_one(one: &str, other: &str) -> bool {
    let (known, unknown) = match (is_known(one), is_known(other)) {
        (true, true) => return relation(one, other) == Relation::Forms && !are_two_forms(one, other),
        (true, false) => (one, other),
        (false, _) => (other, one),
    };
    if are_two_endings(known, unknown) && !are_one_but_doubled(known, unknown) {
        return false;
    }
    let is_form = |name: &str| relation(name, known) == Relation::Forms && !are_two_forms(name, known);
    let mut slips = slips_of(unknown).into_iter().filter(|name| !may_be_a_relatives(unknown, name));
    slips.any(|name| name == known || is_form(name))
}

/// Letters that begin one name in two spellings.
const SOUND_ALIKE: [&str; 4] = ["ck", "ijy", "sz", "vw"];
/// So many letters are another name with one of them changed.
const SHORT: usize = 4;

/// Whether two names that are a letter or two apart are as likely those of two relatives: they begin with another letter, as
/// brothers' do (`Barry`, `Harry`); they are short, and one letter is another (`Arne`, `Anne`); or one is a woman's by its end
/// (`Evan`, `Eva`; `Kristian`, `Kristina`; `Lucien`, `Lucie`).
fn may_be_a_relatives(one: &str, other: &str) -> bool {
    let letters = |word: &str| {
        let mut letters: Vec<char> = word.chars().collect();
        letters.sort_unstable();
        letters
    };
    let is_swapped = letters(one) == letters(other);
    let firsts = (one.chars().next(), other.chars().next());
    let sound_alike =
        |(one, two): (char, char)| SOUND_ALIKE.iter().any(|same| same.contains(one) && same.contains(two));
    let begin_alike = firsts.0 == firsts.1 || firsts.0.zip(firsts.1).is_some_and(sound_alike);
    let lengths = (one.chars().count(), other.chars().count());
    let is_short = lengths.0 == lengths.1 && lengths.0 <= SHORT;
    !is_swapped && (!begin_alike || is_short) || differ_by_a_womans_end(one, other)
}

/// Whether of two names that differ at their end one ends as a woman's and the other as a man's.
fn differ_by_a_womans_end(one: &str, other: &str) -> bool {
    const MENS: [char; 12] = ['c', 'd', 'f', 'k', 'l', 'm', 'n', 'o', 'r', 's', 't', 'y'];
    let same = one.chars().zip(other.chars()).take_while(|(one, other)| one == other).count();
    let rest = |word: &str| word.chars().count() - same;
    let ends = |man: &str, woman: &str| {
        let is_of_man = |ends: &[char]| man.ends_with(ends);
        woman.ends_with('a') && is_of_man(&MENS) || woman.ends_with('e') && is_of_man(&['c', 'n', 'r', 't'])
    };
    same >= 2 && rest(one) <= 2 && rest(other) <= 2 && (ends(one, other) || ends(other, one))
}

/// Whether two forms of one name are also those of two people.
fn are_two_forms(one: &str, other: &str) -> bool {
    let (shorter, longer) = if one.len() < other.len() { (one, other) } else { (other, one) };
    let is_other_language = longer.strip_prefix(shorter).is_some_and(|ending| OTHER_LANGUAGE.contains(&ending));
    // Alex is short for Alexander too, and Alexa is not.
    let is_womans = longer.strip_prefix(shorter) == Some("a")
        && groups_of(shorter).any(|group| groups_of(longer).all(|other| other != group));
    let mut sections = GROUPS.lines().flat_map(|group| group.split(" | "));
    let has = |section: &str, name: &str| section.split(' ').any(|form| form == name);
    is_other_language || is_womans || !sections.any(|section| has(section, one) && has(section, other))
}

/// Whether one of two names is the other, known one with its last letter left out, put twice or mistaken: `Sophi`, `Amelis`. Not
/// where a woman's name is made of a man's.
pub(super) fn is_cut_or_mistyped(one: &str, other: &str) -> bool {
    let same = one.chars().zip(other.chars()).take_while(|(one, other)| one == other).count();
    let rest = |word: &str| word.chars().skip(same).collect::<String>();
    let (end, other_end) = (rest(one), rest(other));
    let is_feminine = |one: &str, other: &str| one == "a" && matches!(other, "" | "o" | "e" | "i");
    is_known(one) != is_known(other)
        && osa_distance(one, other) == 1
        && !is_feminine(&end, &other_end)
        && !is_feminine(&other_end, &end)
}

/// Whether of two names one is a slip of the pen of a form of the other: `Robrt` of Bob. A letter was left out, put in or
/// swapped; one mistaken for another makes too many family names into it.
pub(super) fn is_slip_of_form(one: &str, other: &str) -> bool {
    let (known, unknown) = match (is_known(one), is_known(other)) {
        (true, false) => (one, other),
        (false, true) => (other, one),
        _ => return false,
    };
    let letters = |word: &str| {
        let mut letters: Vec<char> = word.chars().collect();
        letters.sort_unstable();
        letters
    };
    let is_slip = |name: &str| {
        name.len() >= FEWEST
            && osa_distance(name, unknown) == 1
            && name.get(..1) == unknown.get(..1)
            && (name.len() != unknown.len() || letters(name) == letters(unknown))
    };
    unknown.len() >= FEWEST
        && slips_of(unknown).into_iter().any(|name| is_slip(name) && relation(name, known) == Relation::Forms)
}

/// Where a name stands: the numbers of its groups.
fn groups_of(name: &str) -> impl Iterator<Item = usize> + '_ {
    let groups = GROUPS.lines().enumerate();
    groups.filter(move |(_, group)| group.split(' ').any(|one| one == name)).map(|(number, _)| number)
}

fn is_other(name: &str) -> bool {
    OTHERS.split(' ').any(|one| one == name)
}

/// Whether a folded name stands in the tables.
pub(super) fn is_known(name: &str) -> bool {
    groups_of(name).next().is_some() || is_other(name)
}

/// How two given names that are spelled differently stand to each other.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Relation {
    /// One is a form of the other.
    Forms,
    /// Both are known, and neither is a form of the other: no slip of the pen makes one into the other.
    Others,
    /// The same, of which one is of no group: alike they may be spellings of one, and as family names they are compared by their
    /// letters.
    Near,
    /// At least one is not known.
    Unknown,
}

/// How two folded names stand to each other.
pub(super) fn relation(one: &str, other: &str) -> Relation {
    let mut of_one = groups_of(one).peekable();
    let of_other: Vec<_> = groups_of(other).collect();
    let is_unknown = of_one.peek().is_none() && !is_other(one) || of_other.is_empty() && !is_other(other);
    if is_unknown {
        return Relation::Unknown;
    }
    if of_one.any(|group| of_other.contains(&group)) {
        return Relation::Forms;
    }
    if is_other(one) || is_other(other) { Relation::Near } else { Relation::Others }
}
