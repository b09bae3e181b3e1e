//! The addresses that are asked for: every page of the desk and its lists, and searches as people type them, each with different
//! leads, so that no answer is that of the one before.

use ripen_domain::id::{ArrivalId, DecisionId, LeadId, PersonId, SourceId};
use sqlx::{PgPool, Row as _};
use uuid::Uuid;

use super::visitor::Visitor;

/// So many leads are looked at by name.
const DRAWN: i64 = 200;
const VIEWS: [&str; 8] = ["open", "due", "late", "untouched", "ungraded", "with_client", "closed", "all"];
const FILTERS: [&str; 14] = [
    "grade=A",
    "view=all&grade=C",
    "view=all&grade=none",
    "view=all&channel=phone",
    "view=all&channel=referral",
    "view=closed&channel=referral",
    "view=all&stage=customer&grade=B",
    "view=untouched&grade=B",
    "promise=agreed",
    "promise=late&grade=C",
    "view=all&held=true",
    "sort=points",
    "view=all&sort=points&stage=customer",
    "view=closed&from=2026-01-01&to=2026-01-08",
];
const QUEUES: [&str; 10] =
    ["promised", "new", "due", "rest", "late", "held", "dead", "letters", "quarantine", "reviews"];
const PAGES: [(&str, Roles); 12] = [
    ("/account", Roles::Everybody),
    ("/keys", Roles::Everybody),
    ("/style", Roles::Staff),
    ("/work", Roles::Staff),
    ("/work/ready", Roles::Staff),
    ("/work/waiting", Roles::Staff),
    ("/leads/new", Roles::Staff),
    ("/queues", Roles::Managers),
    ("/audit", Roles::Managers),
    ("/audit?actor=user_nobody", Roles::Managers),
    ("/users", Roles::Managers),
    ("/login", Roles::Everybody),
];
const LISTS: [(&str, Roles); 8] = [
    ("/api/v1/me", Roles::Everybody),
    ("/api/v1/tokens", Roles::Everybody),
    ("/api/v1/leads", Roles::Everybody),
    ("/api/v1/work/upcoming", Roles::Staff),
    ("/api/v1/queues", Roles::Managers),
    ("/api/v1/audit", Roles::Managers),
    ("/api/v1/consent-reviews", Roles::Managers),
    ("/api/v1/users", Roles::Managers),
];
/// A page that reads the session alone: the floor of all others.
pub const FLOOR: &str = "/keys";

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Roles {
    Everybody,
    Staff,
    Managers,
}

impl Roles {
    fn has(self, role: &str) -> bool {
        match self {
            Self::Everybody => true,
            Self::Staff => role != "broker",
            Self::Managers => matches!(role, "admin" | "manager"),
        }
    }
}

/// A page with the addresses at which it is asked for, one after the other.
pub struct PageAsked {
    /// As the report has it.
    pub name: String,
    /// In turn.
    pub addresses: Vec<String>,
}

impl PageAsked {
    fn one(address: &str) -> Self {
        Self { name: address.to_owned(), addresses: vec![address.to_owned()] }
    }
}

/// A lead that is looked at.
struct DrawnLead {
    lead: Uuid,
    person: Uuid,
    arrival: Uuid,
    decision: Uuid,
    external_id: String,
    first_name: String,
    last_name: String,
    email: String,
    phone: String,
}

/// What is drawn once, for all roles.
pub struct Addresses {
    leads: Vec<DrawnLead>,
    source: Uuid,
}

impl Addresses {
    /// Draws leads of the largest client, whose broker may look at them too.
    pub async fn draw(pool: &PgPool) -> Self {
        let sql = "select l.id, p.id as person, a.id as arrival, l.decision_id, a.external_id, p.first_name, p.last_name, p.email, p.phone
             from (select * from lead tablesample system (2) repeatable (7)) l join client c on c.id = l.client_id and c.slug = 'bench'
             join person p on p.id = l.person_id join arrival a on a.lead_id = l.id
             where p.phone is not null and p.last_name is not null and l.decision_id is not null and a.external_id is not null
             order by md5(l.id::text) limit $1";
        let rows = sqlx::query(sql).bind(DRAWN).fetch_all(pool).await.expect("rows");
        assert!(!rows.is_empty(), "there are leads to look at");
        let lead = |row: &sqlx::postgres::PgRow| DrawnLead {
            lead: row.get("id"),
            person: row.get("person"),
            arrival: row.get("arrival"),
            decision: row.get("decision_id"),
            external_id: row.get("external_id"),
            first_name: row.get("first_name"),
            last_name: row.get("last_name"),
            email: row.get("email"),
            phone: row.get("phone"),
        };
        let source = sqlx::query_scalar("select id from source where name = 'Telephone' order by id limit 1");
        Self { leads: rows.iter().map(lead).collect(), source: source.fetch_one(pool).await.expect("a source") }
    }

    /// What somebody of this role may ask for.
    pub async fn of(&self, role: &str, visitor: &mut Visitor) -> Vec<PageAsked> {
        let all = PAGES.iter().chain(&LISTS).filter(|(_, roles)| roles.has(role));
        let mut asked: Vec<_> = all.map(|(address, _)| PageAsked::one(address)).collect();
        if Roles::Managers.has(role) {
            let queues = QUEUES.iter().flat_map(|list| [format!("/queues/{list}"), format!("/api/v1/queues/{list}")]);
            asked.extend(queues.map(|address| PageAsked::one(&address)));
        }
        asked.extend(VIEWS.map(|view| PageAsked::one(&format!("/leads?view={view}"))));
        asked.extend(FILTERS.map(|filter| PageAsked::one(&format!("/leads?{filter}"))));
        asked.push(PageAsked::one(&format!("/leads?view=all&source={}", SourceId::from_uuid(self.source))));
        if role != "broker" {
            let clients =
                ["client=bench", "view=all&client=ginkgo", "view=late&client=acorn", "view=all&client=elm&grade=none"];
            asked.extend(clients.map(|filter| PageAsked::one(&format!("/leads?{filter}"))));
        }
        asked.extend(next_page(visitor).await);
        asked.extend(self.leads_pages());
        asked.extend(self.searches());
        asked
    }

    fn each(&self, name: &str, address: impl Fn(&DrawnLead) -> String) -> PageAsked {
        PageAsked { name: name.to_owned(), addresses: self.leads.iter().map(address).collect() }
    }

    fn leads_pages(&self) -> [PageAsked; 4] {
        let id = |one: &DrawnLead| LeadId::from_uuid(one.lead);
        let decision = |one: &DrawnLead| DecisionId::from_uuid(one.decision);
        [
            self.each("/leads/{id}", |one| format!("/leads/{}", id(one))),
            self.each("/api/v1/leads/{id}", |one| format!("/api/v1/leads/{}", id(one))),
            self.each("/api/v1/leads/{id}/why", |one| format!("/api/v1/leads/{}/why", id(one))),
            self.each("/api/v1/leads/{id}/decisions/{decision}", |one| {
                format!("/api/v1/leads/{}/decisions/{}", id(one), decision(one))
            }),
        ]
    }

    fn searches(&self) -> Vec<PageAsked> {
        let beginning = |text: &str, letters: usize| text.chars().take(letters).collect::<String>();
        let typed: [(&str, TypedOf); 21] = [
            ("a whole name", &|one| format!("{} {}", one.first_name, one.last_name)),
            ("a first name", &|one| one.first_name.clone()),
            ("a family name", &|one| one.last_name.clone()),
            ("the beginning of a name, 3 letters", &|one| beginning(&one.last_name, 3)),
            ("the beginning of a name, 1 letter", &|one| beginning(&one.last_name, 1)),
            ("two beginnings", &|one| format!("{} {}", beginning(&one.first_name, 2), beginning(&one.last_name, 2))),
            ("a number", &|one| one.phone.clone()),
            ("a number, as people write it", &|one| {
                format!("({}) {}-{}", &one.phone[2..5], &one.phone[5..8], &one.phone[8..])
            }),
            ("the ending of a number, 7 digits", &|one| one.phone[one.phone.len() - 7..].to_owned()),
            ("the ending of a number, 4 digits", &|one| one.phone[one.phone.len() - 4..].to_owned()),
            ("an address", &|one| one.email.clone()),
            ("the beginning of an address, 6 letters", &|one| beginning(&one.email, 6)),
            ("the beginning of an address, 3 letters", &|one| beginning(&one.email, 3)),
            ("a sender's id", &|one| one.external_id.clone()),
            ("the beginning of a sender's id", &|one| beginning(&one.external_id, 7)),
            ("the id of a lead", &|one| LeadId::from_uuid(one.lead).to_string()),
            ("the id of a person", &|one| PersonId::from_uuid(one.person).to_string()),
            ("the id of an arrival", &|one| ArrivalId::from_uuid(one.arrival).to_string()),
            ("any id", &|one| one.decision.to_string()),
            ("two words of notes", &|_| "lease balcony".to_owned()),
            ("nothing that there is", &|one| format!("{}xq zz", beginning(&one.last_name, 2))),
        ];
        let words = [
            ("a word of most notes", "the"),
            ("a rare word of notes", "lighthouse"),
            ("a beginning of notes' words", "mov"),
        ];
        let mut searches: Vec<_> = typed
            .iter()
            .map(|(name, typed)| self.each(&format!("/leads?q= {name}"), |one| search("/leads", &typed(one))))
            .collect();
        searches.extend(words.map(|(name, word)| PageAsked {
            name: format!("/leads?q= {name}"),
            addresses: vec![search("/leads", word)],
        }));
        searches.push(self.each("/api/v1/leads?q= a family name", |one| search("/api/v1/leads", &one.last_name)));
        searches
    }
}

/// What somebody types in search of a lead.
type TypedOf<'a> = &'a dyn Fn(&DrawnLead) -> String;

fn search(page: &str, typed: &str) -> String {
    let mut query = form_urlencoded::Serializer::new(String::new());
    format!("{page}?{}", query.append_pair("q", typed).finish())
}

/// The pages behind the first ones, as their links have them.
async fn next_page(visitor: &mut Visitor) -> Vec<PageAsked> {
    let mut asked = Vec::new();
    for list in ["/leads?view=open", "/leads?view=all", "/leads?view=all&sort=points"] {
        let page = visitor.get(list).await.answer.body;
        let links = page.split("href=\"").skip(1).filter_map(|rest| rest.split('"').next());
        if let Some(next) =
            links.map(|link| link.replace("&amp;", "&").replace("&#38;", "&")).find(|link| link.contains("after="))
        {
            asked.push(PageAsked { name: format!("{list}, the second page"), addresses: vec![next] });
        }
    }
    asked
}
