//! How payments were paid, in our words, as each provider says it.

use serde_json::json;
use tollgate_core::event::Event;
use tollgate_core::word::Word;
use tollgate_providers::{Answer, HttpResponse, Question};

use crate::case::{deliver, event, source};
use crate::inbox::{hmac_sha256, sha512};

/// `virtual_account BCA`, or `-`.
fn shown(event: &Event) -> String {
    match &event.method {
        None => "-".to_owned(),
        Some(method) => match &method.detail {
            Some(detail) => format!("{} {detail}", method.kind.word()),
            None => method.kind.word().to_owned(),
        },
    }
}

#[test]
fn midtrans_names_the_bank_the_purse_the_shop_and_the_card() {
    let midtrans = source("midtrans", json!({"secrets": ["key"]}));
    for (members, expected) in [
        (
            r#""payment_type":"bank_transfer","va_numbers":[{"va_number":"1","bank":"bca"}],"#,
            "virtual_account BCA",
        ),
        (
            r#""payment_type":"bank_transfer","permata_va_number":"8562","#,
            "virtual_account Permata",
        ),
        (
            r#""payment_type":"bank_transfer","va_numbers":[],"#,
            "virtual_account",
        ),
        (
            r#""payment_type":"echannel","bill_key":"1","#,
            "virtual_account Mandiri",
        ),
        (
            r#""payment_type":"credit_card","masked_card":"48111111-1114","#,
            "card 1114",
        ),
        (
            r#""payment_type":"credit_card","masked_card":"48111111-11","#,
            "card",
        ),
        (r#""payment_type":"qris","acquirer":"gopay","#, "qr QRIS"),
        (r#""payment_type":"gopay","#, "wallet GoPay"),
        (
            r#""payment_type":"cstore","store":"indomaret","#,
            "counter Indomaret",
        ),
        (r#""payment_type":"akulaku","#, "pay_later Akulaku"),
        (r#""payment_type":"bca_klikpay","#, "bank_transfer BCA"),
        (r#""payment_type":"something_new","#, "-"),
        ("", "-"),
    ] {
        let hash = sha512(b"X200100.00key");
        let body = format!(
            r#"{{"order_id":"X","status_code":"200","gross_amount":"100.00","transaction_id":"t-1","transaction_status":"settlement",{members}"currency":"IDR","signature_key":"{hash}"}}"#
        );
        let said = event(deliver(&midtrans, &[], body.as_bytes()));
        assert_eq!(shown(&said), expected, "{members}");
        // An answer to a question says the same.
        let question = Question {
            names: vec!["X".to_owned()],
            ..Question::default()
        };
        let response = HttpResponse {
            status: 200,
            body: body.as_bytes(),
        };
        match midtrans.read_status(&question, &response) {
            Answer::Final(said) => assert_eq!(shown(&said), expected, "{members}"),
            other => panic!("{other:?}"),
        }
    }
}

#[test]
fn phonepe_names_the_mode_of_the_attempt() {
    let settings = json!({"version": "v2", "credentials": [{"username": "u", "password": "p"}]});
    let phonepe = source("phonepe", settings);
    let header = crate::inbox::sha256(b"u:p");
    for (mode, expected) in [
        ("UPI_QR", "upi"),
        ("UPI_INTENT", "upi"),
        ("CARD", "card"),
        ("TOKEN", "card"),
        ("NET_BANKING", "bank_transfer"),
        ("BARTER", "-"),
    ] {
        let body = format!(
            r#"{{"event":"checkout.order.completed","payload":{{"merchantId":"M","merchantOrderId":"X","orderId":"O1","state":"COMPLETED","amount":10000,"paymentDetails":[{{"paymentMode":"{mode}","transactionId":"T1","state":"COMPLETED"}}]}}}}"#
        );
        let headers = [("authorization", header.as_str())];
        let said = event(deliver(&phonepe, &headers, body.as_bytes()));
        assert_eq!(shown(&said), expected, "{mode}");
    }
}

#[test]
fn cardcom_names_the_last_digits_of_the_card_it_has_charged() {
    let settings = json!({"terminal_number": 1000, "api_name": "n", "i_accept_unverified": true});
    let cardcom = source("cardcom", settings);
    let id = "8c92820a-2f6f-4120-a699-ab1969b2f78b";
    let question = Question {
        object: id.to_owned(),
        ..Question::default()
    };
    for (digits, expected) in [
        ("\"4580\"", "card 4580"),
        ("\"0000\"", "card"),
        ("null", "card"),
    ] {
        let reply = format!(
            r#"{{"ResponseCode":0,"TerminalNumber":1000,"LowProfileId":"{id}","TranzactionId":7,"Operation":"ChargeOnly","TranzactionInfo":{{"ResponseCode":0,"Amount":1.5,"CoinId":1,"Last4CardDigitsString":{digits}}}}}"#
        );
        let response = HttpResponse {
            status: 200,
            body: reply.as_bytes(),
        };
        match cardcom.read_status(&question, &response) {
            Answer::Final(said) => assert_eq!(shown(&said), expected, "{digits}"),
            other => panic!("{other:?}"),
        }
    }
}

#[test]
fn a_mapping_names_where_the_method_stands_and_what_it_means() {
    let settings = |map| {
        json!({
            "secrets": ["k"], "header": "x-s", "status": "/s", "payment_id": "/p",
            "method": "/m/kind", "method_detail": "/m/bank", "method_map": map,
        })
    };
    let own = source("hmac", settings(json!({})));
    let mapped = source("hmac", settings(json!({"VA": "virtual_account"})));
    for (source, said, expected) in [
        (&own, "virtual_account", "virtual_account BNI"),
        (&own, "VA", "-"),
        (&mapped, "VA", "virtual_account BNI"),
        (&mapped, "card", "-"),
    ] {
        let body = format!(r#"{{"s":"paid","p":"1","m":{{"kind":"{said}","bank":"BNI"}}}}"#);
        let signature = hmac_sha256(b"k", body.as_bytes());
        let headers = [("x-s", signature.as_str())];
        let said = event(deliver(source, &headers, body.as_bytes()));
        assert_eq!(shown(&said), expected, "{body}");
    }
    let wrong = tollgate_providers::Source::configure(
        "x",
        "hmac",
        settings(json!({"VA": "virtual"}))
            .as_object()
            .expect("it is a table"),
    );
    let error = wrong.expect_err("there is no such method");
    assert_eq!(
        (error.key.as_str(), error.found.as_str()),
        ("method_map.VA", "\"virtual\"")
    );
    assert!(
        error.wanted.starts_with("one of card, virtual_account, "),
        "{}",
        error.wanted
    );
}
