//! Given names that people go by: each group is one name with its short forms and spellings. A name may stand in several groups.
//!
//! Written for English-speaking clients, with what is common among their Spanish, German, French and Italian customers. It need
//! not be complete: a name that is missing is compared by its letters.

use strsim::osa_distance;

use super::fold::are_one_but_doubled;

/// Groups, their names folded and separated by blanks.
const GROUPS: &str = "\
aaron ron ronnie\nabigail abby abbie gail\nabraham abe bram\nadam\nadrian\nadriana\nagnes\nahmed ahmad\nalan allan allen al\n\
albert al bert bertie alberto\nalexander alex al alec sandy sasha xander alejandro\nalexandra alex alexa sandra sandy sasha lexi alexis alejandra\n\
alexis\nalfred alf alfie fred freddie alfredo\nalice alicia ali\nalison allison ali allie\namanda mandy\namber\namelia amy millie mia\namy\n\
ana anna anne ann annie anita hannah\nandrea andi\nandrew andy drew andre andres andreas\nangel\nangela angie\nannabel bella\nanthony tony anton antonio\n\
antonia toni\narthur art artie\nashley ash\naudrey\nbarbara barb babs barbie\nbeatrice bea trixie beatriz\nbenjamin ben benny benji\nbernard bernie bernd\n\
beth\nbrandon\nbrenda\nbrian bryan\nbridget bridie\nbruce\ncarl karl carlos\ncarla karla\ncarmen\ncarol carole caroline carolyn carrie\ncasey kasey\n\
catherine katherine kathryn katharina cathy kathy kate katie kat kitty kathleen katrin catalina\ncecilia cecily celia\ncharles charlie chuck chas carlos carlo karl\n\
charlotte charlie lottie\nchloe\nchristian chris christiaan cristian\nchristina christine chris christy tina cristina kristin kristina kirsten chrissy christa\n\
christopher chris kit topher christoph\nclara claire clare\nclaude\nclaudia\ncolin\ncraig\ncynthia cindy\ndaisy\ndana\ndaniel dan danny\n\
daniela daniella danielle dani\ndarren\ndavid dave davy davey\ndawn\ndeborah debra deb debbie\ndenis dennis denny\ndenise\ndiana diane dianne di\n\
diego\ndominic dominik nick dom\ndonald don donny\ndonna\ndorothy dot dottie dolly dora\ndouglas doug\ndylan\nedith edie\nedward ed eddie ted ned eduardo\n\
edwin ed eddie\neileen aileen\nelaine\neleanor ellie nell nora elena\nelijah eli\nelizabeth elisabeth liz lizzie beth betty eliza elsie lisa liza betsy libby isabel\n\
ella\nellen helen nell\nelliot\nemily emma em emmy emilia\nemma\neric erik erich\nerica erika\nerin\nesther hester\nethan\neugene gene\neva eve evie\nevelyn evie\n\
felicity fliss\nfelix\nfernando\nfiona\nflorence flo florrie\nfrances fran francie frankie francesca franziska\nfrancis frank frankie francisco paco pancho franz francesco francois\n\
frederick fred freddie fritz friedrich federico\ngabriel gabe\ngabriela gabrielle gabi gaby\ngarry gary\ngemma\ngeoffrey jeffrey geoff jeff\ngeorge georgie jorge georg jorg juergen jurgen\n\
georgia georgina georgie\ngerald gerry jerry gerhard gerd\ngerard gerry\ngillian jill\ngloria\ngrace gracie\ngraham graeme\ngregory greg\nguillermo memo william\nhannah hanna\n\
hans johannes johann\nharold harry hal\nharriet hattie\nharrison harry\nheather\nheidi\nhelen helena nell lena\nhelmut\nhenry harry hank heinrich heinz enrique\nhenrietta hetty\n\
holly\nhugh hugo hughie\nian iain\nida\nignacio nacho\ningrid inge\nirene\nisaac ike zac\nisabel isabella isabelle izzy bella\nivan\njack jackson john\njacob jake jakob\njacqueline jackie\n\
james jim jimmy jamie jaime santiago\njamie\njane janet jan jenny\njanice jan\njasmine jas yasmin\njason\njavier\njean\njeanne\njeremy jeremiah jerry\njennifer jen jenny jenna\njesse\njessica jess jessie\n\
jesus chuy\njill\njoan joanie\njoanna joanne jo johanna\njohn jon johnny jack ian juan johan sean shaun shawn\njonathan jon jonny john nathan johnathon jonathon\njordan\njorge\n\
jose pepe joseph\njoseph joe joey josef giuseppe\njosephine josie jo\njoshua josh\njoyce\njuan juanito\njudith judy jude\njulia julie juliana juliet jules\njulian jules julio\njulius\njune\njustin\n\
karen karin\nkeith\nkelly\nkenneth ken kenny\nkevin kev\nkimberly kimberley kim kimmie\nkirsty\nkurt curt\nkyle\nlachlan lachie\nlarry\nlaura laurie lori lauren\nlawrence larry laurence laurie lorenz lorenzo\nleah lea\nlee\n\
leo leon leonard len lenny leonardo\nleslie les lesley\nlewis louis lou luis ludwig luigi\nlily lilian lillian lilly\nlinda lindy\nlindsay lindsey\nlisa\nlogan\nlorraine\nlouisa louise lou luisa\nlucas luke lukas luca\n\
lucia lucy luz\nlydia\nlynn\nmadeline madeleine maddie maddy madison\nmaggie\nmanuel manny manolo\nmanuela\nmarcus marc mark marco marcos markus\nmargaret maggie meg peggy peg marge margie greta rita madge margarita margarete\n\
maria mary marie mia mitzi maren molly polly miriam\nmarilyn\nmario\nmarion marian\nmarjorie marge\nmarlene\nmartha marty\nmartin marty\nmartina\nmatilda tilly mathilde\nmatthew matt matty mateo mathew matthias matteo\nmaureen mo\nmaxwell max maximilian\nmaya\n\
megan meg\nmelanie mel\nmelissa mel missy lissa\nmercedes merche\nmercy\nmia\nmichael mike mick mickey micky mikey mitch miguel micheal michel\nmichaela\nmichelle michele shelly\nmiguel\nmildred millie\nmitchell mitch\nmohammed muhammad mohamed mo\nmonica monika\nmorgan\nmorris maurice\n\
nancy nan\nnatalie nat natalia natasha\nnathan nate nathaniel nat\nneil neal niall\nnicholas nick nicky nicolas nico klaus niklas nicola\nnicole nicola nicky nikki nic\nnigel\nnoah\nnorma\nnorman norm\nolga\noliver ollie\nolivia liv livvy\noscar\notto\nowen\n\
pamela pam\npatricia pat patty tricia trish patsy\npatrick pat paddy rick\npaul pablo paulo paolo pauly\npaula\npauline\npenelope penny\npeter pete pedro pierre piet petr pieter pietro\npetra\nphilip phillip philipp phil pip felipe\nphoebe\nphyllis\nrachel rachael rae\nrafael raphael raf rafa\nramon\nrandall randy randolph\nraquel\n\
raymond ray raimund\nrebecca becky becca bec\nregina gina\nreginald reg reggie\nrenee\nricardo richard\nrichard rich rick ricky dick richie ricardo\nrita\nrobert rob bob bobby robbie bert roberto rupert\nroberta bobbie\nrobin robyn\nroger rodge\nroland rolf\nronald ron ronnie\nrosa rose rosie\nrosemary rosie\nroxanne\nroy\nruby\nrudolf rudi\nruth\nryan\n\
sally\nsalvador\nsamantha sam sammy\nsamuel sam sammy\nsandra sandy\nsara sarah sally\nsaul\nscott\nsebastian seb bas\nsergio\nshannon\nsharon shari\nsheila\nshirley\nsidney sydney sid\nsienna\nsilvia sylvia\nsimon\nsimone\nsofia sophia sophie\nstanley stan\nstella\nstephanie steph stefanie stefania\nstephen steven steve stevie stefan esteban stephan\nstewart stuart stu\nsusan sue susie susanna suzanne suzy susanne zuzana\nsybil\n\
tamara tammy\ntanya tatiana tania\ntara\nteresa theresa terry tess tessa therese\nterence terrence terry\nthaddeus thad ted\ntheodore ted theo teddy\nthomas tom tommy thom tomas\ntiffany tiff\ntimothy tim timmy\ntina\ntobias toby tobi\ntodd\ntracy tracey\ntravis\ntrevor trev\ntyler ty\nulrich uli\nursula uschi\nuwe\nvalerie val valentina\nvanessa nessa\nvera\nvernon vern\nveronica ronnie vero veronika\nvictor vic viktor\nvictoria vicky vicki tori viktoria\n\
vincent vin vince vinnie vicente\nviolet vi\nvirginia ginny ginger\nvivian viv\nwalter walt wally walther\nwanda\nwarren\nwayne\nwendy\nwilliam will bill billy willy willie liam wilhelm guillermo\nwolfgang wolf\nyvonne\nyvette\nxavier javier\nzachary zach zack zac\nzara\nzoe";

/// Further names, each of its own: near to another one, and no slip of it.
const OTHERS: &str = "\
abel ada adela adele adelina adolf adolfo aida aiden alba alberta albertina aldo alena alessandra alessandro alessia \
alessio alfonso alina alma alois alva alvaro alvin amalia amelie amina amir amira andrej andrzej angelina angelo anika \
anja anke annalena annelie annette annika anouk antoine antoinette april ariana ariel armando armin arno arnold aron \
arturo astrid august augusta augustin axel bastian bianca birgit birgitta bjorn bogdan boris brent brett bruno camila \
camilla camille camillo cara carina carine carlotta carmela carmelo carolina cassandra cedric celina celine cesar \
chantal charlene chiara christel clemens clement clementine cole conrad constance constantin cora corinna corinne \
cornelia cornelius cyril dalia damian damien daria dario darius darlene davide davina dean delia delphine derek desiree \
dieter dina dino dirk domenico dominique dorian doris dorothea dragan dustin edgar edmund edoardo edwina egon eliana \
elias elina elio elisa elise elmar elsa elvira emanuel emanuela emil emile emiliana emiliano emilio enzo ernest ernesto \
ernst erwin estelle eugenia eugenio fabian fabiana fabien fabienne fabio fabiola fabrice fabrizio farid federica \
ferdinand fernanda filippa filippo flora florian florin franca franco franka frida frieda fritzi gaetano gaston \
genevieve georges georgette geraldine germaine gian gianna gianni gilbert gilberto gino giorgia giorgio giovanna \
giovanni gisela giulia giuliana giuliano giulio giuseppina gordon gudrun guido gustav gustavo guy hana hanne hannes \
hanno hassan hedwig heike heiko heino helga helge henrik henrike herbert hermann hilda hilde horst ibrahim igor ilona \
ilse imran ina ines ingo ira irina iris irma isolde ivana ivo jana janina janine jelena jens joachim joana joao joaquin \
jochen joel joela joelle jonas jorgen joris josefa josefina jost juana juanita judit julien julienne justina justine kai \
kara karim karima karina karolina kasper katja katrina kay kilian lara larissa lars laurent laurenz leni leona leonie \
leonora leopold leticia lia lidia lina lino lioba lisbeth lola lorena lorenza lothar louane luana luciana luciano lucien \
lucienne lucio ludovic luigia luise lukasz luna lutz lydie magda magdalena maike maja malik malika malte manfred manon \
marcel marcela marcella marcelle marcello marcelo marcin marek margot mariam mariana marianna marianne mariano marina \
marine marino marisa marisol marita marius marko marlon marta martino marvin massimo maura mauricio maurizio mauro maxim \
maxime maximiliana mehmet melina meta michal mila milan milena milo mina mira mirco mirja mirko moira mona moritz \
mustafa nadia nadine nadja naomi natascha nela nelly nestor nicoletta niels nikolai nils nina nino noel noelle noor \
norbert nour odette olaf olav oleg olivier oliviero omar ortrud osman ottavio ottilie paola pascal pascale patrice \
patricio paulette paulina paulino pavel peer per perla petar philippa philippe pia pierrette pilar pina piotr priscilla \
quentin rafaela raffaele raffaella rahel rainer raisa ralf ramona raul reiner reinhard reinhold remo renata renate \
renato rene riccarda rico robertina rocco rodolfo rodriga rodrigo roman romana romeo romina romy ronja rosalia rosalie \
rosalinda rosanna rosario rosina rossana roswitha ruben rubina rudolfa rufus sabina sabine sabrina salvatore samir \
samira sandrine sandro selina selma serena serge sergej severin severina sibylle siegfried sieglinde sigrid silke silva \
silvan silvana silvano silvio sina sonia sonja soren stanislav stefana steffen steffi sunniva sven svenja svetlana \
sylvain sylvie tabea tamar tarek tatjana telma thea theodora theresia thilo thora tiago tilda till tilman timo tino \
titus tomasz toralf torsten traude trude ulf ulrike umberto urs ursin valentin valentino valeria valerio vanja viola \
violetta virginie vito vittoria vittorio vladimir volker waldemar waltraud wendelin werner wibke wiebke wilhelma \
wilhelmina wilma wilmar winfried xenia yann yannick yara youssef yusuf yves zita zoltan";

/// Forms of one name that people also have beside each other: from two languages, or of a man and a woman.
const TWO_FORMS: [(&str, &str); 2] = [("nicola", "nicole"), ("nicola", "nicholas")];

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
    let names = GROUPS.split(['\n', ' ']).chain(OTHERS.split(' ')).filter(|name| name.len().abs_diff(length) <= most);
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
    slips_of(unknown).into_iter().any(|name| name == known || relation(name, known) == Relation::Forms)
}

fn are_two_forms(one: &str, other: &str) -> bool {
    let (shorter, longer) = if one.len() < other.len() { (one, other) } else { (other, one) };
    let is_other_language = longer.strip_prefix(shorter).is_some_and(|ending| OTHER_LANGUAGE.contains(&ending));
    is_other_language || TWO_FORMS.iter().any(|two| *two == (one, other) || *two == (other, one))
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
