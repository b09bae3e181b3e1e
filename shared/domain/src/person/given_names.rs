//! Given names that people go by: each group is one name with its short forms and spellings. A name may stand in several groups.
//!
//! Written for English-speaking clients, with what is common among their Spanish, German, French and Italian customers. It need
//! not be complete: a name that is missing is compared by its letters.

use std::{collections::BTreeSet, sync::LazyLock};

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
francis frank frankie | francisco paco pancho chico | franz | francesco | francois\n\
frederick fred freddie | friedrich fritz fred | federico\ngabriel gabe\ngabriela gabrielle gabi gaby\ngarry gary\n\
gemma\ngeoffrey jeffrey geoff jeff\ngeorge georgie | jorge | georg | jorg | juergen jurgen\n\
georgia georgina georgie\ngerald gerry jerry | gerhard gerd\ngerard gerry\ngillian jill\ngloria\ngrace gracie\n\
graham graeme\ngregory greg\nguillermo memo\nhannah hanna\nhans johannes johann\nharold harry hal\nharriet hattie\n\
harrison harry\nheather\nheidi\nhelen nell | helena lena\nhelmut\nhenry harry hank | heinrich heinz | enrique kiko quique\n\
henrietta hetty\nholly\nhugh hugo hughie\nian iain\nida\nignacio nacho\ningrid inge\nirene\nisaac ike zac\n\
isabel isabella isabelle izzy bella\nivan\njack jackson\njacob jake jakob\njacqueline jackie\n\
james jim jimmy jamie | jaime | santiago\njamie\njane jenny | janet jan\njanice jan\njasmine jas yasmin\njason\n\
javier\njean\njeanne\njeremy jeremiah jerry\njennifer jen jenny jenna\njesse\njessica jess jessie\njesus chuy\njill\n\
joan joanie\njoanna jo | joanne jo | johanna\njohn jon johnny jack | juan juanito | johan\n\
jonathan jon jonny john johnathon jonathon | nathan\njordan\njorge\njose pepe ze | joseph\n\
joseph joe joey | josef sepp | giuseppe beppe peppe\njosephine josie jo\njoshua josh\njoyce\njuan juanito\njudith judy jude\n\
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
miguel\nmildred millie\nmitchell mitch\nmohammed muhammad mohamed mohammad mohamad muhammed mohd mo\nmonica monika\n\
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
krzysztof krzysiek\nmalgorzata gosia malgosia\nstanislaw staszek\ntomasz tomek\nwojciech wojtek\nguadalupe lupe lupita\ndolores lola\n\
concepcion concha conchita\nrosario charo\npilar pili\nconsuelo chelo\ndmitry dmitri dmitriy dima mitya\nvladimir vova volodya\n\
aleksandr sasha shura\naleksei alexey alexei alyosha lyosha\nyekaterina ekaterina katya\nmikhail misha\nnatalya natasha\n\
sergey sergei seryozha\nyevgeny evgeny zhenya\npavel pasha\nmaria masha\nivan vanya\ntatyana tanya\nyulia yuliya yulya\n\
александр саша шура\nалександра саша шура\nалексеи леша алеша\nанастасия настя\nанатолии толя\nандреи андрюша\n\
анна аня\nвалентина валя\nвиктор витя\nвиктория вика\nвладимир вова володя\nгалина галя\nгеоргии жора\n\
григории гриша\nдмитрии дима митя\nевгении женя\nевгения женя\nекатерина катя\nелена лена\nиван ваня\n\
ирина ира\nконстантин костя\nлюдмила люда мила\nмария маша\nмихаил миша\nнаталья наталия наташа\nниколаи коля\n\
ольга оля\nпавел паша\nпетр петя\nсветлана света\nсергеи сережа\nтатьяна таня\nюлия юля\nюрии юра";

/// Further names, each of its own: near to another one, and no slip of it.
const OTHERS: &str = "\
aad abeer abel ada adela adele adelina adolf adolfo adrien adrienn aida aiden aiga aigar aime ain aina ainar ainur \
aire aiva aivar ajrie akiko akio akiva aksel alba alberta albertina aldin aldis aldo alena alessandra alessandro \
alessia alessio alexandru alfonso algis alik alin alina aljona aljosa alma almat almut alois alojzia alojzij alta \
altan alush alva alvar alvard alvaro alvin alvis amalia amar amaro ameer amelie amer amina amir amira amparo amra \
anais andis andra andraz andree andreia andrej andreja andrey andri andrija andrzej anel anes anete angelina angelo \
ani anika anis anja anke annalena annelie annette annika anouk ansis anta antal ante antje antoine antoinette anush \
april arber ardak aria arian ariana arie ariel arife arina arja arjan armando armi armin arna arnar arndis arne arnis \
arno arnold aron arsen arta artak artan arturo asako asel asen asha ashat asko asle assem assen asser asset astrid \
august augusta augustin aurelia aurelian aurelie aurelien ava aviva axel ayan aycan aydin ayhan aylin ayman aysel \
aysen aytan bahar bajan barak basak bashar bastian bayan bega behar bela bennie berat berik beril berit berna bernt \
berta berthe bertil besa besar bianca birgir birgit birgitta bjorg bjork bjorn bjort bogdan bojan bonnie boris boyan \
brendan brent brett bruno brynja brynjar bugra busra calin camila camilla camille camillo canan candy cara carin \
carina carine carlotta carly carmela carmelo carmine carolina carolus carsten cassandra cedric celina celine cesar \
chana chanah chanan channa chantal charlene chase chiara christel christer christien christin christl christof \
christos ciara ciaran claudie claudiu clemens clement clementine cole conrad constance constantin cora corinna corinne \
cornelia corneliu cornelius cveta cvetan cyril dafni dagny dai dali dalia dalip dalit damian damien dane daria dario \
darius darla darlene davide davina davit dean delia delphine dena derek desiree dieter dijan dilan dilshad dilshod \
dimitar dimitra dina dino dirk diyan domenico dominique dorian dorien dorin doris dorit dorothea dragan dragica \
dragisa drita dritan duane dumitra dumitru dustin edel edgar edmund edoardo edwina egon eilis einar einat ekin elad \
elcin elda eldar eldin elek elfa elfar elfi eliana elias elide elie elif elin elina elio elira eliran elis elisa elise \
elisha eliska eljas elke elli elma elman elmar elmars elmas elmaz elsa elva elvan elvar elvi elvin elvir elvira \
emanuel emanuela emel emi emiel emil emile emiliana emiliano emilio emine emre endel enzo eran ergin erion erkin erla \
erlan ermin erna ernest ernesto ernst ersin ervin erwin esa esben esen esin espen estelle ethel ethem eugenia eugenio \
eugeniu evan evgenia evgenij fabian fabiana fabien fabienne fabio fabiola fabrice fabrizio farid farie federica \
ferdinand fernanda filip filippa filippo filiz flora florian florie florim florin franca franco franka frida frieda \
fritzi fumiko fumio fumiyo gaetano gaini galya galym gani gaston genevieve georges georgette georgij geraldine \
germaine gian gianna gianni gilbert gilberto gino giorgia giorgio giovanna giovanni gisela giulia giuliana giuliano \
giulio giuseppina gor gordon gre grega gresa gro gry gudbjorg gudbjorn gudrun guido gula gulnar gunnar gustav gustavo \
guy gyula hagit haim hajime hajri hajrie hajriz halim halime halit hamit hana hanim hanne hanneke hannes hanni hanno \
hannu hanny hany hari harri harrie harue haruko harun haruo hasim hasime hasnija hatun hayri hazim hedwig hege heida \
heidar heide heike heiki heiko heine heino helga helge helgi heli helle helmi helve helvi henny henrik henrike herbert \
herma herman hermann hermien herwig hideko hideo hilda hilde hilmi hiroko hiroto horst husnija ignas igor ikuko ikuo \
ilda ildar ilga ilgar ilija ilira iliya ilka ilke ilker ilkka ilma ilmar ilona ilse imran ina inas ines inga ingar \
inger ingo ira irina iris irma isolde iulia iulian iuliu ivana ivane ivo ivone ivy izzak izzat jada jade jaka jale \
jamil jamila jana janez jani janina janine janka janko janni janny jarle jeannet jeannot jelena jelle jens jevgenia \
jevgenij joachim joana joann joao joaquin jochen jodi jody joel joela joelle joke jolan jolien jonas jora jordi jorgen \
joris jorma josee josefa josefina josep jost jovan jovica joy jozica juana juanita judd judit juhana julien julienne \
julija julijan juliya juliyan julya jumana junko juno junya justina justine kaan kaari kadi kadir kai kaido kaino \
kaire kairi kais kaisu kama kamal kamen kamla kana kanae kanat kanta kaori kara kare kari karima karina karlen karmen \
karolina karsten kasper katja katre katri katrina kauko kay kayla kazimiera kazimierz kazuko kazuo kazuto kazuyo keigo \
keijo keiko kenta kerem keren keti ketil khalida kilian kira kire kirstine kresten krista kristaq kristel krister \
kristian kristien kristijan kristine kristinn kristjan kristof krisztian krisztina kuniko kunio kylie lance lara \
larissa lars lassi laurent laurenz laurits leen lei leili leli lence lene leni leona leonid leonie leonora leopold \
leticia levi leyli lia lian libor lidia lie limor lina lino lioba lior liran liri lirie lirim lis lisbeth lissi livia \
liviu ljubica ljubisa ljubo ljubov lola lorena lorenza lorik lorna lothar louane luana lubos lubov luciana luciano \
lucie lucien lucienne lucio ludovic ludwika luigia luise lukasz luna lutz lydie macy madis magda magdalena magne mahin \
mahir maik maike mairi mait maja maki mako malik malika malte mamiko mamikon manal mane manfred manoj manol manon mar \
mara maral maras marat marcel marcela marcella marcelle marcello marcelo marcia marcial marcin mare marek maret \
margeir margo margot mari mariam mariana mariann marianna marianne mariano marija marijan marijo mariko marin marina \
marine marinel marinko marino marios maris marisa marisol marit marita marius marjon marko marla marlon mart marta \
marten martino martyn marvin marwa marwan masako masao masato masayo mascha masha mason massimo masud matko maud maura \
mauri mauricio maurizio mauro mavis maxim maxime maximiliana mazen mazin meera mehmet mehtap meike meir meira mejra \
melina mendel merab meral merav meri merit merja merry mert meta mete mette michal michiko michio michiyo mie mieke \
mieko miha miika mikiko mikio mikko mila milan milena mileta mileva milija milijan milka milko milo mina mindel mindy \
minka mira miran mirco mirdza mirha mirja mirko mirna mirza misa mischa misha mitar mitja mitko mitra mitsuko mitsuo \
mitsuyo moira mojgan mona moritz mustafa myra nabil nabila nada nadav nadia nadine nadja nadya nagihan naim najia \
najib nalan nami namig namik naoki naoko naomi naoto naoya nasi nasim nasir nasko nata natan natascha natavan natia \
natig natik natiq nato nazan nazar nazim nazli nazmi nazym neda nedal nel nela neli nelly nestor neven nevin nicolae \
nicolay nicoletta niels nigar nihad nihan nihat nikolai nil niles nils nina nino nizar noa nobuko nobuo noel noelle \
noha nolan noor norah norbert noria norie norik noriko norio nour nozomi nozomu numan nuran nurcan nurdan nurhan nuri \
nurit nurlan nurzhan odette olaf olav oleg olivier oliviero orli orlin ortrud osman ottavio ottilie ozgul ozgur oznur \
palle paola parvin parviz pascal pascale pasquale patrice patricio paule paulette paulina paulino pavel pavle peer \
pekka penka per perla pervin perviz petar petraq petrica petrika petru philippa philippe pia pierrette pilar pille \
pina piotr pirjo piro pirro priscilla quentin rabia rabie rabih rabije rabiye radi radoica radojica rafaela raffaele \
raffaella ragna ragnar rahel rahmi rain rainer raisa rajan rajna ralf ramona ran randi rani rasha rashad rashida \
rashmi ratan ratna ratnam raul raushan ravshan reiner reinhard reinhold remo rena renat renata renate renato rene ria \
riccarda rico rimah rimas rina rinat robertina rocco rodolfo rodriga rodrigo rohan roman romana romeo romina romy \
ronak ronan roni ronit ronja rory rosalia rosalie rosalinda rosanna rosario rosina ross rossana roswitha ruben rubina \
rudolfa rufus runa runar sabah sabina sabine sabit sabri sabrina sadia sadie sadik saeko sahar sait saki sakib sakir \
salah salam salem salko salma salman salme salvatore samar samer samia samih samir samira sanda sandrine sandro sandu \
sanja sanjar saori sari sarit sasko sati sead seda sedat sefa sefer seher selen selim selin selina selma semen semin \
sena senad serena serge sergej seva sevak seval severin severina sevim sezer shahar shai shani shelby sheri sherif \
shigeko shigeo shiho shiro shogo shoko sian sibylle sidsel siegfried sieglinde sigrid sigurbjorg sigurbjorn sigurlin \
sigurvin silke silva silvan silvana silvano silvi silvie silvio silviu simin simion sina sinan sisko sissel slavica \
slavisa smari soheil soheir solvi sonia sonja soren souhail souhair souheil souheir stane stanislav stanislava stase \
stefa stefana steffen steffi steina steinar steinn stian stina stine stipe stojan stojna suhail suhair sunna sunnat \
sunniva svava svavar svea sveinbjorg sveinbjorn sven svenja svetlana sylvain sylvi sylvie tabea taeko tajar takako \
takao takeo tali talia talib talip tamar tamas tamaz tamer tamir tarek tarkan tatjana telma thea theodora theresia \
thilo thora thorbjorg thorbjorn tiago tilda till tilman timo tino titus toine tomasa tomce tome tomo tomoe tomor tonya \
toralf torsten toshiko toshio toshiro toshko traude trine trude truls truus turkan tyra ulf ulrike umberto unnar unnur \
uriel urs ursel ursin ute vaja valdis valentin valentino valeria valerij valerio valeriu valja vanja varda vardan \
vasile venka venkat vesile vida vidar vilberg vilborg vincente viola violetta virginie vito vittoria vittorio vlada \
vladan vladimir volker waldemar waltraud wendelin werner wibke wiebe wiebke wiley wilhelma wilhelmina wilma wilmar \
winfried xenia xheva xhevat yann yannick yara yasin yassin yasuko yasuo yasuyo yoshiko yoshio yoshiro youlia youlian \
yukiko yukio yulia yulian yuliya yuliyan yves zeynel zeynep zita zlata zlatan zohar zohra zohrab zoltan zora zoran \
zveta zvetan";

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

/// Every name of the tables.
fn known_names() -> impl Iterator<Item = &'static str> {
    GROUPS.split(['\n', ' ']).chain(OTHERS.split(' ')).filter(|name| *name != "|")
}

/// Names of the table that an unknown one is nearest to by slips of the pen, and of which it is not another ending.
fn slips_of(unknown: &str) -> Vec<&'static str> {
    let length = unknown.chars().count();
    let most = if length < 7 { 1 } else { 2 };
    let names = known_names().filter(|name| name.len().abs_diff(length) <= most);
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
    let is_swapped = have_same_letters(one, other);
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

/// Whether one of two names is the other, known one with one slip of the pen, so that it is no relative's name: letters are swapped,
/// one is put twice or left out of a name that is not short, or the word is none that people could have. With one letter that is
/// another it may be a name that is missing from the table: `Lana` is not Lena.
pub(super) fn is_mistyped(one: &str, other: &str) -> bool {
    let (known, unknown) = if is_known(one) { (one, other) } else { (other, one) };
    let (letters, most) = (unknown.chars().count(), known.chars().count());
    let is_cut = SHORT <= letters && letters < most || are_one_but_doubled(known, unknown);
    is_cut_or_mistyped(one, other)
        && (have_same_letters(known, unknown)
            || !sounds_like_a_name(unknown)
            || is_cut && !may_be_a_relatives(known, unknown))
}

fn have_same_letters(one: &str, other: &str) -> bool {
    let letters = |word: &str| {
        let mut letters: Vec<char> = word.chars().collect();
        letters.sort_unstable();
        letters
    };
    letters(one) == letters(other)
}

/// Two letters, one behind the other.
type LetterPair = [char; 2];

/// Which letters stand beside each other in the names of the table.
struct KnownPairs {
    anywhere: BTreeSet<LetterPair>,
    /// The first two letters.
    first: BTreeSet<LetterPair>,
}

static KNOWN_PAIRS: LazyLock<KnownPairs> = LazyLock::new(|| {
    let first = known_names().filter_map(|name| pairs_of(name).first().copied()).collect();
    KnownPairs { anywhere: known_names().flat_map(pairs_of).collect(), first }
});

fn pairs_of(word: &str) -> Vec<LetterPair> {
    word.chars().zip(word.chars().skip(1)).map(|(one, next)| [one, next]).collect()
}

/// Whether a word could be somebody's name: of its letters no two stand beside each other that do in none of the table, as in `Jxhn`,
/// and it begins as one of them does, and not as `Lwsa`.
fn sounds_like_a_name(word: &str) -> bool {
    let pairs = pairs_of(word);
    pairs.first().is_none_or(|first| KNOWN_PAIRS.first.contains(first))
        && pairs.iter().all(|pair| KNOWN_PAIRS.anywhere.contains(pair))
}

/// Whether of two names one is a slip of the pen of a form of the other: `Robrt` of Bob. A letter was left out, put in or
/// swapped; one mistaken for another makes too many family names into it.
pub(super) fn is_slip_of_form(one: &str, other: &str) -> bool {
    let (known, unknown) = match (is_known(one), is_known(other)) {
        (true, false) => (one, other),
        (false, true) => (other, one),
        _ => return false,
    };
    let is_slip = |name: &str| {
        name.len() >= FEWEST
            && osa_distance(name, unknown) == 1
            && name.get(..1) == unknown.get(..1)
            && (name.len() != unknown.len() || have_same_letters(name, unknown))
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
