//! Given names that people go by: each group is one name with its short forms and spellings. A name may stand in several groups.
//!
//! Written for English-speaking clients, with what is common among their Spanish, German, French and Italian customers. It need
//! not be complete: a name that is missing is compared by its letters.

/// Groups, their names folded and separated by blanks.
const GROUPS: &str = "\
aaron ron ronnie\nabigail abby abbie gail\nabraham abe bram\nadam\nadrian\nadriana\nagnes\nahmed ahmad\nalan allan allen al\n\
albert al bert bertie alberto\nalexander alex al alec sandy sasha xander alejandro\nalexandra alex alexa sandra sandy sasha lexi alexis alejandra\n\
alexis\nalfred alf alfie fred freddie alfredo\nalice alicia ali\nalison allison ali allie\namanda mandy\namber\namelia amy millie mia\namy\n\
ana anna anne ann annie anita hannah\nandrea andi\nandrew andy drew andre andres andreas\nangel\nangela angie\nannabel bella\nanthony tony anton antonio\n\
antonia toni\narthur art artie\nashley ash\naudrey\nbarbara barb babs barbie\nbeatrice bea trixie beatriz\nbenjamin ben benny benji\nbernard bernie bernd\n\
beth\nbrandon\nbrenda\nbrian bryan\nbridget bridie\nbruce\ncarl karl carlos\ncarla karla\ncarmen\ncarol carole caroline carolyn carrie\ncasey kasey\n\
catherine katherine kathryn katharina cathy kathy kate katie kat kitty kathleen katrin catalina\ncecilia cecily celia\ncharles charlie chuck chas carlos karl\n\
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
james jim jimmy jamie jaime santiago\njamie\njane janet jan jenny\njanice jan\njasmine jas yasmin\njason\njavier\njean jeanne\njeremy jeremiah jerry\njennifer jen jenny jenna\njesse\njessica jess jessie\n\
jesus chuy\njill\njoan joanie\njoanna joanne jo johanna\njohn jon johnny jack ian juan johan sean shaun shawn\njonathan jon jonny john nathan johnathon jonathon\njordan\njorge\n\
jose pepe joseph\njoseph joe joey josef giuseppe\njosephine josie jo\njoshua josh\njoyce\njuan juanito\njudith judy jude\njulia julie juliana juliet jules\njulian jules julio\njulius\njune\njustin\n\
karen karin\nkeith\nkelly\nkenneth ken kenny\nkevin kev\nkimberly kimberley kim kimmie\nkirsty\nkurt curt\nkyle\nlachlan lachie\nlarry\nlaura laurie lori lauren\nlawrence larry laurence laurie lorenz lorenzo\nleah lea\nlee\n\
leo leon leonard len lenny leonardo\nleslie les lesley\nlewis louis lou luis ludwig luigi\nlily lilian lillian lilly\nlinda lindy\nlindsay lindsey\nlisa\nlogan\nlorraine\nlouisa louise lou luisa\nlucas luke lukas luca\n\
lucia lucy luz\nlydia\nlynn\nmadeline madeleine maddie maddy madison\nmaggie\nmanuel manny manolo\nmanuela\nmarcus marc mark marco marcos markus\nmargaret maggie meg peggy peg marge margie greta rita madge margarita margarete\n\
maria mary marie mia mitzi maren molly polly miriam\nmarilyn\nmario\nmarion marian\nmarjorie marge\nmarlene\nmartha marty\nmartin marty\nmartina\nmatilda tilly mathilde\nmatthew matt matty mateo mathew matthias matteo\nmaureen mo\nmaxwell max maximilian\nmaya\n\
megan meg\nmelanie mel\nmelissa mel missy lissa\nmercedes merche\nmercy\nmia\nmichael mike mick mickey micky mikey mitch miguel micheal michel michele\nmichaela\nmichelle shelly\nmiguel\nmildred millie\nmitchell mitch\nmohammed muhammad mohamed mo\nmonica monika\nmorgan\nmorris maurice\n\
nancy nan\nnatalie nat natalia natasha\nnathan nate nathaniel nat\nneil neal niall\nnicholas nick nicky nicolas nico klaus niklas nicola\nnicole nicola nicky nikki nic\nnigel\nnoah\nnorma\nnorman norm\nolga\noliver ollie\nolivia liv livvy\noscar\notto\nowen\n\
pamela pam\npatricia pat patty tricia trish patsy\npatrick pat paddy rick\npaul pablo paulo paolo pauly\npaula\npauline\npenelope penny\npeter pete pedro pierre piet petr pieter pietro\npetra\nphilip phillip phil pip felipe\nphoebe\nphyllis\nrachel rachael rae\nrafael raphael raf rafa\nramon\nrandall randy randolph\nraquel\n\
raymond ray raimund\nrebecca becky becca bec\nregina gina\nreginald reg reggie\nrenee\nricardo richard\nrichard rich rick ricky dick richie ricardo\nrita\nrobert rob bob bobby robbie bert roberto rupert\nroberta bobbie\nrobin robyn\nroger rodge\nroland rolf\nronald ron ronnie\nrosa rose rosie\nrosemary rosie\nroxanne\nroy\nruby\nrudolf rudi\nruth\nryan\n\
sally\nsalvador\nsamantha sam sammy\nsamuel sam sammy\nsandra sandy\nsara sarah sally\nsaul\nscott\nsebastian seb bas\nsergio\nshannon\nsharon shari\nsheila\nshirley\nsidney sydney sid\nsienna\nsilvia sylvia\nsimon\nsimone\nsofia sophia sophie\nstanley stan\nstella\nstephanie steph stefanie stefania\nstephen steven steve stevie stefan esteban stephan\nstewart stuart stu\nsusan sue susie susanna suzanne suzy susanne zuzana\nsybil\n\
tamara tammy\ntanya tatiana tania\ntara\nteresa theresa terry tess tessa therese\nterence terrence terry\nthaddeus thad ted\ntheodore ted theo teddy\nthomas tom tommy thom tomas\ntiffany tiff\ntimothy tim timmy\ntina\ntobias toby tobi\ntodd\ntracy tracey\ntravis\ntrevor trev\ntyler ty\nulrich uli\nursula uschi\nuwe\nvalerie val valentina\nvanessa nessa\nvera\nvernon vern\nveronica ronnie vero veronika\nvictor vic viktor\nvictoria vicky vicki tori viktoria\n\
vincent vin vince vinnie vicente\nviolet vi\nvirginia ginny ginger\nvivian viv\nwalter walt wally walther\nwanda\nwarren\nwayne\nwendy\nwilliam will bill billy willy willie liam wilhelm guillermo\nwolfgang wolf\nyvonne\nyvette\nxavier javier\nzachary zach zack zac\nzara\nzoe";

/// Where a name stands: the numbers of its groups.
fn groups_of(name: &str) -> impl Iterator<Item = usize> + '_ {
    let groups = GROUPS.lines().enumerate();
    groups.filter(move |(_, group)| group.split(' ').any(|one| one == name)).map(|(number, _)| number)
}

/// Whether a folded name stands in the table.
pub(super) fn is_known(name: &str) -> bool {
    groups_of(name).next().is_some()
}

/// How two given names that are spelled differently stand to each other.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Relation {
    /// One is a form of the other.
    Forms,
    /// Both are known, and neither is a form of the other: no slip of the pen makes one into the other.
    Others,
    /// At least one is not known.
    Unknown,
}

/// How two folded names stand to each other.
pub(super) fn relation(one: &str, other: &str) -> Relation {
    let mut of_one = groups_of(one).peekable();
    let of_other: Vec<_> = groups_of(other).collect();
    if of_one.peek().is_none() || of_other.is_empty() {
        return Relation::Unknown;
    }
    if of_one.any(|group| of_other.contains(&group)) { Relation::Forms } else { Relation::Others }
}
