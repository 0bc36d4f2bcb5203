#include "error.h"
#include "fetch.h"

/* The names of `error-code` of wasi:http, in the order of their numbers. */
static const char *const codes[] = {
    "DNS-timeout", "DNS-error", "destination-not-found", "destination-unavailable", "destination-IP-prohibited",
    "destination-IP-unroutable", "connection-refused", "connection-terminated", "connection-timeout",
    "connection-read-timeout", "connection-write-timeout", "connection-limit-reached", "TLS-protocol-error",
    "TLS-certificate-error", "TLS-alert-received", "HTTP-request-denied", "HTTP-request-length-required",
    "HTTP-request-body-size", "HTTP-request-method-invalid", "HTTP-request-URI-invalid", "HTTP-request-URI-too-long",
    "HTTP-request-header-section-size", "HTTP-request-header-size", "HTTP-request-trailer-section-size",
    "HTTP-request-trailer-size", "HTTP-response-incomplete", "HTTP-response-header-section-size",
    "HTTP-response-header-size", "HTTP-response-body-size", "HTTP-response-trailer-section-size",
    "HTTP-response-trailer-size", "HTTP-response-transfer-coding", "HTTP-response-content-coding",
    "HTTP-response-timeout", "HTTP-upgrade-failed", "HTTP-protocol-error", "loop-detected", "configuration-error",
    "internal-error",
};

enum { DNS_ERROR = 1, TLS_ALERT = 14, REQUEST_DENIED = 15, TRANSFER_CODING = 31, CONTENT_CODING = 32, INTERNAL_ERROR = 38 };

static void failed(const char *url, const char *code, const char *detail, const char *advice)
{
    error_set("", "the request to `%s` failed: %s%s%s%s", url, code, *detail ? ": " : "", detail, advice);
}

void fetch_failed(const char *url, const error_code *code)
{
    /* An `option<string>`, behind an `option<u8>` in an alert. */
    const uint32_t *option = &code->payload[code->number == TLS_ALERT];
    bool may_have_text = code->number == DNS_ERROR || code->number == TLS_ALERT || code->number == TRANSFER_CODING ||
                         code->number == CONTENT_CODING || code->number == INTERNAL_ERROR;
    char *detail = abi_take((abi_owned){0});
    if (may_have_text && (option[0] & 0xff)) {
        detail = abi_take((abi_owned){(char *)option[1], option[2]});
    }
    const char *advice =
        code->number == REQUEST_DENIED ? "; allow its host in `outbound.allow` of bootstream.toml" : "";
    size_t count = sizeof codes / sizeof *codes;
    failed(url, codes[code->number < count ? code->number : count - 1], detail, advice);
    abi_free(detail);
}

void fetch_stream_failed(const char *url, uint32_t error)
{
    code_result code;
    http_error_code(error, &code);
    if (code.failed) {
        fetch_failed(url, &code.of.code);
    } else {
        abi_owned owned;
        error_text_of(error, &owned);
        char *text = abi_take(owned);
        failed(url, "internal-error", text, "");
        abi_free(text);
    }
    error_drop(error);
}
