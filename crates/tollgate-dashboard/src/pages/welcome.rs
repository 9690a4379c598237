//! The first user: who has opened the link that the server has said makes it, and is signed in.

use maud::{Markup, html};
use serde_json::json;

use crate::asked::Method;
use crate::failure::{Failure, Problem};
use crate::layout;
use crate::parts::{Field, Input};
use crate::reply::{Page, Response};
use crate::routes::{For, Route};
use crate::visit::Visit;
use crate::words::{common, texts};

pub(crate) const ROUTES: &[Route] = &[
    Route {
        method: Method::Get,
        path: "/welcome",
        who: For::Anybody,
        make: |visit| Box::pin(show(visit)),
    },
    Route {
        method: Method::Post,
        path: "/welcome",
        who: For::Anybody,
        make: |visit| Box::pin(begin(visit)),
    },
];

texts! {
    WELCOME: "Welcome to Tollgate", "Selamat datang di Tollgate", "ברוכים הבאים ל־Tollgate", "Tollgate में आपका स्वागत है", "Добро пожаловать в Tollgate";
    ABOUT: "You are the first: an admin, who sees everything and lets others in.", "Anda yang pertama: seorang admin, yang melihat semuanya dan memberi akses kepada orang lain.", "זה החשבון הראשון: חשבון מנהל, שרואה הכול ונותן גישה לאחרים.", "आप पहले हैं: व्यवस्थापक, जो सब कुछ देखता है और दूसरों को प्रवेश देता है।", "Вы первый: администратор, который видит всё и открывает доступ другим.";
    YOUR_NAME: "Your name", "Nama Anda", "השם שלך", "आपका नाम", "Ваше имя";
    EMAIL: "Mail address, to sign in with", "Alamat surel, untuk masuk", "כתובת דוא״ל, לכניסה", "मेल पता, साइन इन के लिए", "Адрес почты для входа";
    PASSWORD: "Password, 12 characters or more", "Kata sandi, 12 karakter atau lebih", "סיסמה, 12 תווים או יותר", "पासवर्ड, 12 या अधिक अक्षर", "Пароль, не короче 12 символов";
    BEGIN: "Begin", "Mulai", "התחלה", "शुरू करें", "Начать";
    NO_TICKET: "This page needs the link that the server has written when it started. Whoever has an account signs in.", "Halaman ini memerlukan tautan yang ditulis server saat dimulai. Yang sudah punya akun dapat masuk.", "לדף הזה דרוש הקישור שהשרת כתב בעת ההפעלה. מי שיש לו חשבון נכנס כרגיל.", "इस पृष्ठ के लिए वह लिंक चाहिए जो सर्वर ने शुरू होते समय लिखा था। जिनका खाता है वे साइन इन करें।", "Этой странице нужна ссылка, которую сервер написал при запуске. У кого есть учётная запись, тот входит.";
}

async fn show(visit: &Visit<'_>) -> Result<Response, Failure> {
    let ticket = visit.query.get("ticket");
    Ok(page(visit, ticket, None).into())
}

async fn begin(visit: &Visit<'_>) -> Result<Response, Failure> {
    let field = |name| visit.form.get(name).unwrap_or_default();
    let body = json!({
        "ticket": field("ticket"),
        "name": field("name"),
        "email": field("email"),
        "password": field("new_password"),
    });
    match visit
        .send_plain("POST", "/v1/users/first", Some(body))
        .await
    {
        Ok(answer) => Ok(Response::Go(
            "/".to_owned(),
            answer.cookie.into_iter().collect(),
        )),
        Err(Failure::Refused(problem)) => {
            Ok(page(visit, visit.form.get("ticket"), Some(&problem)).into())
        }
        Err(failure) => Err(failure),
    }
}

fn page(visit: &Visit<'_>, ticket: Option<&str>, refused: Option<&Problem>) -> Page {
    Page {
        title: visit.say(WELCOME).to_owned(),
        here: "",
        topics: "",
        body: html! {
            @if let Some(problem) = refused { (layout::refused(visit, problem)) }
            @match ticket {
                Some(ticket) => (form(visit, ticket)),
                None => {
                    p { (visit.say(NO_TICKET)) }
                    p { a href="/sign-in" { (visit.say(common::SIGN_IN)) } }
                },
            }
        },
    }
}

fn form(visit: &Visit<'_>, ticket: &str) -> Markup {
    let name = visit.form.get("name").unwrap_or_default();
    let email = visit.form.get("email").unwrap_or_default();
    html! {
        form.sign-in method="post" action="/welcome" {
            p { (visit.say(ABOUT)) }
            input type="hidden" name="ticket" value=(ticket);
            (Field::new("name", visit.say(YOUR_NAME), Input::Text).holding(name).required().markup(visit))
            (Field::new("email", visit.say(EMAIL), Input::Email).holding(email).required().markup(visit))
            (Field::new("new_password", visit.say(PASSWORD), Input::Password).required().markup(visit))
            button type="submit" { (visit.say(BEGIN)) }
        }
    }
}

#[cfg(test)]
mod tests {
    use tollgate_receipt::Locale;

    use super::*;
    use crate::fixture::{Fixture, text};

    #[test]
    fn its_texts_are_whole() {
        crate::words::check(ALL);
    }

    #[test]
    fn the_form_brings_the_ticket_along_and_asks_for_the_first_user() {
        let fixture = Fixture::of("admin").with("POST /v1/users/first", 201, "{}");
        let shown = text(fixture.get("/welcome?ticket=tgw_%22%3Cb%3E"));
        assert!(shown.contains("value=\"tgw_&quot;&lt;b&gt;\""), "{shown}");
        assert!(!shown.contains("<header"), "nobody has signed in");
        let form =
            "ticket=tgw_1&name=Dewi&email=dewi%40example.com&new_password=correct+horse+battery";
        let reply = fixture.post("/welcome", form);
        assert_eq!((reply.status, reply.location.as_deref()), (303, Some("/")));
        let asked = fixture.asked();
        assert_eq!(
            (asked[0].method, asked[0].path.as_str()),
            ("POST", "/v1/users/first")
        );
        let body: serde_json::Value =
            serde_json::from_slice(asked[0].body.as_deref().unwrap_or_default()).expect("JSON");
        assert_eq!(
            body,
            json!({ "ticket": "tgw_1", "name": "Dewi", "email": "dewi@example.com",
                    "password": "correct horse battery" })
        );
    }

    #[test]
    fn a_refusal_stands_above_what_was_typed_but_for_the_password() {
        let problem =
            r#"{"status":409,"code":"first_user_exists","title":"There is a user already"}"#;
        let fixture = Fixture::of("admin").with("POST /v1/users/first", 409, problem);
        let form = "ticket=tgw_1&name=%3Cscript%3E&email=a%40b&new_password=correct+horse+battery";
        let shown = text(fixture.post("/welcome", form));
        assert!(shown.contains("first_user_exists"), "{shown}");
        assert!(
            shown.contains("&lt;script&gt;") && shown.contains("a@b"),
            "{shown}"
        );
        assert!(!shown.contains("correct horse"), "{shown}");
    }

    #[test]
    fn without_a_ticket_it_leads_to_signing_in_in_every_language() {
        let fixture = Fixture::of("admin");
        let shown = text(fixture.get_in(Locale::He, "/welcome"));
        assert!(
            shown.contains("dir=\"rtl\"") && shown.contains("href=\"/sign-in\""),
            "{shown}"
        );
        assert!(!shown.contains("<input type=\"password\""), "{shown}");
    }
}
