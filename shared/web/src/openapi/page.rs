//! The page of the API: its operations by tag and the shapes they send and take, written by the server. Links within it work
//! without a script.

use askama::Template;
use axum::{http::StatusCode, response::Response};
use utoipa::openapi::{
    Content, Object, OpenApi, PathItem, RefOr, Required, Schema,
    path::{Operation, Parameter, ParameterIn},
    schema::{ArrayItems, SchemaType, Type},
};

use super::paths::{PATH, STYLE_PATH};
use crate::page::{Layout, Page, StyleSheet};

/// What the page shows.
#[derive(Debug, Template)]
#[template(path = "api_reference.html")]
pub(super) struct ApiReference {
    about: Vec<TextSpan>,
    document: &'static str,
    groups: Vec<OperationGroup>,
    shapes: Vec<Shape>,
}

/// The operations of one tag.
#[derive(Debug)]
struct OperationGroup {
    name: String,
    about: Vec<TextSpan>,
    operations: Vec<OperationEntry>,
}

#[derive(Debug)]
struct OperationEntry {
    id: String,
    method: &'static str,
    path: String,
    summary: Vec<TextSpan>,
    about: Vec<TextSpan>,
    parameters: Vec<ShapeMember>,
    body: Vec<Payload>,
    responses: Vec<ResponseEntry>,
}

#[derive(Debug)]
struct ResponseEntry {
    status: String,
    about: Vec<TextSpan>,
    content: Vec<Payload>,
}

/// A media type with what it carries.
#[derive(Debug)]
struct Payload {
    media_type: String,
    shape: ShapeName,
}

/// A named schema.
#[derive(Debug)]
struct Shape {
    name: String,
    about: Vec<TextSpan>,
    members: Vec<ShapeMember>,
}

/// A parameter, or a member of an object.
#[derive(Debug)]
struct ShapeMember {
    name: String,
    /// Where it stands; empty for members of objects.
    place: &'static str,
    shape: ShapeName,
    is_required: bool,
    about: Vec<TextSpan>,
}

/// A type in words; `link` is the named schema it leads to.
#[derive(Debug, Default)]
struct ShapeName {
    text: String,
    link: Option<String>,
}

/// A part of a text: words, or what is written as it is, between backticks in the document.
#[derive(Debug)]
struct TextSpan {
    text: String,
    is_code: bool,
}

/// The spans of a text in which backticks stand around code.
fn spans(text: impl AsRef<str>) -> Vec<TextSpan> {
    // Between backticks: every other part, whether or not the first one is empty.
    let parts = text.as_ref().split('`').enumerate().filter(|(_, part)| !part.is_empty());
    parts.map(|(number, part)| TextSpan { text: part.to_owned(), is_code: number % 2 == 1 }).collect()
}

impl ApiReference {
    /// Everything that a document says.
    pub(super) fn of(document: &OpenApi) -> Self {
        // A closure, because the operations are gone over once for each tag.
        let operations = || document.paths.paths.iter().flat_map(|(path, item)| operations_of(path, item));
        let groups = document.tags.iter().flatten().map(|tag| {
            // An operation without a tag of the document is not shown: each one has its tag from its macro.
            let tagged = operations().filter(|(tags, _)| tags.contains(&tag.name));
            OperationGroup {
                name: tag.name.clone(),
                about: spans(tag.description.as_deref().unwrap_or_default()),
                operations: tagged.map(|(_, operation)| operation).collect(),
            }
        });
        let schemas = document.components.iter().flat_map(|components| &components.schemas);
        let shapes = schemas.map(|(name, schema)| Shape {
            name: name.clone(),
            about: spans(about(schema)),
            members: members(schema),
        });
        Self {
            about: spans(document.info.description.as_deref().unwrap_or_default()),
            document: PATH,
            groups: groups.collect(),
            shapes: shapes.collect(),
        }
    }

    /// The page as an answer.
    pub(super) fn response(&self) -> Response {
        let page = Page {
            title: "Ripen's HTTP API",
            header: &[],
            header_link: None,
            style: StyleSheet::At(STYLE_PATH),
            script: None,
            layout: Layout::Wide,
            is_indexed: false,
            content: self,
        };
        page.response(StatusCode::OK)
    }
}

fn operations_of<'d>(path: &'d str, item: &'d PathItem) -> impl Iterator<Item = (Vec<String>, OperationEntry)> + 'd {
    let methods = [
        ("GET", &item.get),
        ("POST", &item.post),
        ("PUT", &item.put),
        ("PATCH", &item.patch),
        ("DELETE", &item.delete),
    ];
    methods.into_iter().filter_map(move |(method, operation)| {
        let operation = operation.as_ref()?;
        Some((operation.tags.clone().unwrap_or_default(), entry(method, path, operation)))
    })
}

fn entry(method: &'static str, path: &str, operation: &Operation) -> OperationEntry {
    let responses = operation.responses.responses.iter().filter_map(|(status, response)| match response {
        RefOr::T(response) => Some(ResponseEntry {
            status: status.clone(),
            about: spans(&response.description),
            content: payloads(response.content.iter()),
        }),
        // Ours are all written out; a reference would be somebody else's.
        RefOr::Ref(_) => None,
    });
    let body = operation.request_body.iter().flat_map(|body| match body {
        RefOr::T(body) => payloads(body.content.iter()),
        RefOr::Ref(_) => Vec::new(),
    });
    OperationEntry {
        id: operation.operation_id.clone().unwrap_or_default(),
        method,
        path: path.to_owned(),
        summary: spans(operation.summary.as_deref().unwrap_or_default()),
        about: spans(operation.description.as_deref().unwrap_or_default()),
        parameters: operation.parameters.iter().flatten().filter_map(parameter).collect(),
        body: body.collect(),
        responses: responses.collect(),
    }
}

fn parameter(parameter: &RefOr<Parameter>) -> Option<ShapeMember> {
    let RefOr::T(parameter) = parameter else { return None };
    Some(ShapeMember {
        name: parameter.name.clone(),
        place: match parameter.parameter_in {
            ParameterIn::Path => "address",
            ParameterIn::Query => "query",
            ParameterIn::Header => "header",
            _ => "",
        },
        shape: parameter.schema.as_ref().map(shape_name).unwrap_or_default(),
        is_required: parameter.required == Required::True,
        about: spans(parameter.description.as_deref().unwrap_or_default()),
    })
}

fn payloads<'d>(content: impl Iterator<Item = (&'d String, &'d RefOr<Content>)>) -> Vec<Payload> {
    let payloads = content.map(|(media_type, content)| {
        let schema = match content {
            RefOr::T(content) => content.schema.as_ref(),
            RefOr::Ref(_) => None,
        };
        Payload { media_type: media_type.clone(), shape: schema.map(shape_name).unwrap_or_default() }
    });
    payloads.collect()
}

/// A type in a few words, such as `string`, `array of Lead` or `Lead or array of Lead`.
fn shape_name(schema: &RefOr<Schema>) -> ShapeName {
    let plain = |text: String| ShapeName { text, link: None };
    match schema {
        RefOr::Ref(reference) => {
            // The last part of `#/components/schemas/Name` is the heading that the link leads to.
            let name = reference.ref_location.rsplit('/').next().unwrap_or_default().to_owned();
            ShapeName { text: name.clone(), link: Some(name) }
        }
        RefOr::T(Schema::Array(array)) => match &array.items {
            ArrayItems::RefOrSchema(items) => {
                let items = shape_name(items);
                ShapeName { text: format!("array of {}", items.text), link: items.link }
            }
            _ => plain("array".to_owned()),
        },
        RefOr::T(Schema::Object(object)) => plain(type_name(object)),
        RefOr::T(Schema::OneOf(one)) => any_of(&one.items),
        RefOr::T(Schema::AnyOf(any)) => any_of(&any.items),
        RefOr::T(_) => plain("object".to_owned()),
    }
}

fn any_of(items: &[RefOr<Schema>]) -> ShapeName {
    let names: Vec<_> = items.iter().map(shape_name).collect();
    let text = names.iter().map(|name| name.text.as_str()).collect::<Vec<_>>().join(" or ");
    ShapeName { text, link: names.into_iter().find_map(|name| name.link) }
}

fn type_name(object: &Object) -> String {
    let word = |one: &Type| match one {
        Type::Object => "object",
        Type::String => "string",
        Type::Integer => "integer",
        Type::Number => "number",
        Type::Boolean => "boolean",
        Type::Array => "array",
        Type::Null => "null",
    };
    match &object.schema_type {
        SchemaType::Type(one) => word(one).to_owned(),
        SchemaType::Array(types) => types.iter().map(word).collect::<Vec<_>>().join(" or "),
        SchemaType::AnyValue => "any value".to_owned(),
    }
}

/// The members of an object, those of its parts included.
fn members(schema: &RefOr<Schema>) -> Vec<ShapeMember> {
    match schema {
        RefOr::T(Schema::Object(object)) => object
            .properties
            .iter()
            .map(|(name, schema)| ShapeMember {
                name: name.clone(),
                place: "",
                shape: shape_name(schema),
                is_required: object.required.contains(name),
                about: spans(about(schema)),
            })
            .collect(),
        // A flattened part: its members stand in the same object.
        RefOr::T(Schema::AllOf(all)) => all.items.iter().flat_map(members).collect(),
        _ => Vec::new(),
    }
}

fn about(schema: &RefOr<Schema>) -> String {
    let text = match schema {
        RefOr::Ref(reference) => return reference.description.clone(),
        RefOr::T(Schema::Object(object)) => &object.description,
        RefOr::T(Schema::Array(array)) => &array.description,
        RefOr::T(Schema::OneOf(one)) => &one.description,
        RefOr::T(Schema::AllOf(all)) => &all.description,
        RefOr::T(Schema::AnyOf(any)) => &any.description,
        RefOr::T(_) => &None,
    };
    text.clone().unwrap_or_default()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_stands_between_backticks_is_code() {
        let shown = |text: &str| spans(text).into_iter().map(|span| (span.text, span.is_code)).collect::<Vec<_>>();
        assert_eq!(shown("Send `a` now."), [("Send ".into(), false), ("a".into(), true), (" now.".into(), false)]);
        assert_eq!(shown("`a`"), [("a".into(), true)]);
        assert!(shown("").is_empty());
    }
}
