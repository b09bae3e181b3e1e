//! Numbers whose plus sign did not survive a form.

use super::*;

#[rstest]
#[case("442079460958", Some("+442079460958"))]
#[case(" 442079460958", Some("+442079460958"))]
#[case(" 4155550100", Some("+14155550100"))]
#[case(" 6466812345", None)]
fn a_plus_that_was_not_encoded_is_read_as_meant_or_refused(#[case] phone: &str, #[case] e164: Option<&str>) {
    let Value::Object(fields) = json!({"phone": phone}) else { panic!("an object") };
    let read = submission(fields, &PostedFrom { bare_plus: &["phone".to_owned()], ..chicago() });
    assert_eq!(read.submission.phone.as_ref().map(|phone| phone.as_str()), e164);
    assert_eq!(read.errors.iter().any(|error| error.message.contains("%2B")), e164.is_none());
}
