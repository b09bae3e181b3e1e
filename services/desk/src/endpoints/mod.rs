//! The desk's addresses, each registered with its description. Who may use them is read by `caller`; what they do is in their
//! own files.

mod bounces;
mod caller;
mod calls;
mod deliveries;
mod links;
mod outcomes;
mod reps;
mod style;

use ripen_web::openapi::{OpenApiRouter, routes};

use crate::{context::DeskContext, people};

/// Every address with its description.
pub fn routes() -> OpenApiRouter<DeskContext> {
    of_clients_and_reps().merge(pages()).merge(api())
}

/// What clients, their reps and telephones ask for.
fn of_clients_and_reps() -> OpenApiRouter<DeskContext> {
    OpenApiRouter::default()
        .routes(routes!(deliveries::many))
        .routes(routes!(deliveries::held))
        .routes(routes!(deliveries::one))
        .routes(routes!(outcomes::say))
        .routes(routes!(bounces::report))
        .routes(routes!(links::show, links::say))
        .routes(routes!(reps::show, reps::renew))
        .routes(routes!(style::style))
        .routes(routes!(calls::tell))
}

/// What people of the firm and brokers see.
fn pages() -> OpenApiRouter<DeskContext> {
    OpenApiRouter::default()
        .routes(routes!(people::assets::style))
        .routes(routes!(people::assets::script))
        .routes(routes!(people::assets::work_script))
        .routes(routes!(people::home::show))
        .routes(routes!(people::keys::show))
        .routes(routes!(people::work::show::show))
        .routes(routes!(people::work::saved::saved))
        .routes(routes!(people::work::take::next))
        .routes(routes!(people::work::take::open))
        .routes(routes!(people::work::ready::ready))
        .routes(routes!(people::work::rings::rang))
        .routes(routes!(people::work::take::renew))
        .routes(routes!(people::work::take::leave))
        .routes(routes!(people::work::take::undo))
        .routes(routes!(people::work::book::book))
        .routes(routes!(people::work::dispose::dispose))
        .routes(routes!(people::work::draft::draft))
        .routes(routes!(people::work::draft::preview))
        .routes(routes!(people::sign_in::show, people::sign_in::submit))
        .routes(routes!(people::sign_in::leave))
        .routes(routes!(people::account::show))
        .routes(routes!(people::forgotten::show, people::forgotten::submit))
        .routes(routes!(people::welcome::show, people::welcome::submit))
        .routes(routes!(people::account::change_password))
        .routes(routes!(people::account::end_session))
        .routes(routes!(people::account::add_token))
        .routes(routes!(people::account::revoke_token))
        .routes(routes!(people::account::choose_theme))
        .routes(routes!(people::account::set_zone))
        .routes(routes!(people::users::show, people::users::add))
        .routes(routes!(people::users::set_state))
        .routes(routes!(people::users::set_desk))
        .routes(routes!(people::users::invite))
        .routes(routes!(people::audit::show))
        .routes(routes!(people::phone::dial::dial))
        .routes(routes!(people::phone::dial::dial_by_form))
        .routes(routes!(people::phone::refuse::refuse))
        .routes(routes!(people::phone::refuse::refuse_by_form))
        .routes(routes!(people::queues::page::show))
        .routes(routes!(people::queues::page::show_list, people::queues::act::act))
        .routes(routes!(people::queues::count::waiting))
        .routes(routes!(people::style::show))
        .routes(routes!(people::leads::list::show))
        .routes(routes!(people::leads::csv::download))
        .routes(routes!(people::leads::views::keep))
        .routes(routes!(people::leads::new::show, people::leads::new::enter))
        .routes(routes!(people::leads::new::entered_lead))
        .routes(routes!(people::leads::page::show))
        .routes(routes!(people::leads::forms::change))
}

/// The same for programs.
fn api() -> OpenApiRouter<DeskContext> {
    OpenApiRouter::default()
        .routes(routes!(people::api::me::show, people::api::me::set))
        .routes(routes!(people::api::figures::show))
        .routes(routes!(people::api::sessions::change_password))
        .routes(routes!(people::api::sessions::many))
        .routes(routes!(people::api::sessions::end))
        .routes(routes!(people::api::users::many, people::api::users::add))
        .routes(routes!(people::api::users::one, people::api::users::set))
        .routes(routes!(people::api::users::invite))
        .routes(routes!(people::api::audit::many))
        .routes(routes!(people::api::tokens::many, people::api::tokens::add))
        .routes(routes!(people::api::tokens::revoke))
        .routes(routes!(people::live::events::hear))
        .routes(routes!(people::queues::api::show))
        .routes(routes!(people::queues::api::show_list, people::queues::act_api::act))
        .routes(routes!(people::leads::api::many, people::leads::api::enter))
        .routes(routes!(people::leads::api::one))
        .routes(routes!(people::leads::choices_api::counts))
        .routes(routes!(people::leads::choices_api::choices))
        .routes(routes!(people::leads::choices_api::entered))
        .routes(routes!(people::leads::views_api::many, people::leads::views_api::save))
        .routes(routes!(people::leads::views_api::forget))
        .routes(routes!(people::leads::api::decision))
        .routes(routes!(people::leads::api::change))
        .routes(routes!(people::work_api::lease::take_next_lead))
        .routes(routes!(people::work_api::lead::show_lead, people::work_api::lease::open_lead))
        .routes(routes!(people::work_api::dispositions::list_dispositions))
        .routes(routes!(people::work_api::open::open_work))
        .routes(routes!(people::work_api::ready::ready_work))
        .routes(routes!(people::work_api::rang::open_ringing))
        .routes(routes!(people::work_api::late_note::keep_late_note))
        .routes(routes!(people::work_api::calls::list_calls))
        .routes(routes!(people::work_api::slots::list_slots))
        .routes(routes!(people::work_api::lease::renew_lead))
        .routes(routes!(people::work_api::lease::leave_lead))
        .routes(routes!(people::work_api::draft::save_draft))
        .routes(routes!(people::work_api::outcome::dispose_lead))
        .routes(routes!(people::work_api::outcome::undo_disposition))
        .routes(routes!(people::work_api::preview::preview_grade))
        .routes(routes!(people::work_api::lease::upcoming_work))
        .routes(routes!(people::work_api::why::why_not_called))
        .routes(routes!(people::work_api::consent::list_reviews))
        .routes(routes!(people::work_api::consent::judge_consent))
}
