//! Payments and refunds.

use tollgate_proto::v1::payment_service_server::PaymentService;

use super::operation::operations;

operations! {
    PaymentService:
    POST "/v1/payments" => create_payment(CreatePaymentRequest) -> Payment;
    GET "/v1/payments" => list_payments(ListPaymentsRequest) -> ListPaymentsResponse;
    GET "/v1/payments/{payment_id}" => get_payment(GetPaymentRequest) -> Payment;
    PATCH "/v1/payments/{payment_id}" => update_payment(UpdatePaymentRequest) -> Payment;
    POST "/v1/payments/{payment_id}/capture" => capture_payment(CapturePaymentRequest) -> Payment;
    POST "/v1/payments/{payment_id}/check" => check_payment(CheckPaymentRequest) -> CheckPaymentResponse;
    POST "/v1/payments/{payment_id}/refund" => refund_payment(RefundPaymentRequest) -> Refund;
    POST "/v1/payments/{payment_id}/attention/{code}/resolve" =>
        resolve_payment_attention(ResolvePaymentAttentionRequest) -> Payment;
    GET "/v1/refunds" => list_refunds(ListRefundsRequest) -> ListRefundsResponse;
    GET "/v1/refunds/{refund_id}" => get_refund(GetRefundRequest) -> Refund;
    {}
}
