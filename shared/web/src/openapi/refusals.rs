//! How operations describe their refusals: by naming types of the catalogue, one response for each status.

use std::collections::BTreeMap;

use utoipa::{
    PartialSchema, ToSchema,
    openapi::{
        ContentBuilder, HeaderBuilder, ObjectBuilder, Ref, RefOr, Response, ResponseBuilder, ResponsesBuilder, Schema,
        Type, schema::ArrayBuilder,
    },
};

use crate::{Problem, catalogue::ProblemType};

/// The refusals of an operation by their status, as `utoipa` takes them.
pub type Refusals = BTreeMap<String, RefOr<Response>>;

/// Describes these types of problem, those of one status together.
#[must_use]
pub fn refusals(kinds: &[&'static ProblemType]) -> Refusals {
    let mut by_status: BTreeMap<u16, Vec<&ProblemType>> = BTreeMap::new();
    // One response for each status: OpenAPI has no place for two.
    for kind in kinds {
        by_status.entry(kind.status).or_default().push(kind);
    }
    let described = by_status.into_iter().map(|(status, kinds)| (status.to_string(), RefOr::T(refusal(&kinds))));
    ResponsesBuilder::new().responses_from_iter(described).build().responses
}

fn refusal(kinds: &[&ProblemType]) -> Response {
    let said: Vec<_> = kinds.iter().map(|kind| format!("{} (`{}`): {}", kind.title, kind.code, kind.remedy)).collect();
    let content = ContentBuilder::new().schema(Some(Ref::from_schema_name(Problem::name()))).build();
    let mut response = ResponseBuilder::new().description(said.join(" ")).content("application/problem+json", content);
    if kinds.iter().any(|kind| kind.has_retry_after()) {
        let seconds = ObjectBuilder::new().schema_type(Type::Integer).description(Some("Seconds to wait."));
        response = response.header("Retry-After", HeaderBuilder::new().schema(Some(seconds)).build());
    }
    response.build()
}

impl ToSchema for Problem {}

impl PartialSchema for Problem {
    fn schema() -> RefOr<Schema> {
        let text = |about: &str| ObjectBuilder::new().schema_type(Type::String).description(Some(about));
        let error = ObjectBuilder::new()
            .property("pointer", text("JSON pointer (RFC 6901) to the field."))
            .property("code", text("One word for machines: `missing`, `invalid`, `too_long`, `duplicate`."))
            .property("message", text("One sentence for people."))
            .required("pointer")
            .required("code")
            .required("message");
        let errors = ArrayBuilder::new().items(error).description(Some("The fields that are wrong."));
        ObjectBuilder::new()
            .description(Some("A refusal (RFC 9457)."))
            .property("type", text("Where the catalogue describes this type of problem."))
            .property("title", text("The type in a few words."))
            .property("status", ObjectBuilder::new().schema_type(Type::Integer))
            .property("detail", text("What is wrong this time, and where."))
            .property("errors", errors)
            .required("type")
            .required("title")
            .required("status")
            .required("detail")
            .into()
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::catalogue;

    #[test]
    fn types_of_one_status_are_one_response() {
        let refusals = refusals(&[&catalogue::NOT_FOUND, &catalogue::UNAVAILABLE, &catalogue::ARRIVAL_PENDING]);
        assert_eq!(refusals.keys().collect::<Vec<_>>(), ["404", "503"]);
        let RefOr::T(pending) = &refusals["404"] else { panic!("a response") };
        assert!(pending.description.contains("`not-found`") && pending.description.contains("`arrival-pending`"));
        assert!(
            pending.headers.contains_key("Retry-After") && pending.content.contains_key("application/problem+json")
        );
    }
}
