//! `examples/llm-proxy` with its page in a real browser: what a person sees of an answer, and when.

mod model;

use bootstream_test_support::assert_contains;
use bootstream_test_support::browser::Page;
use serde_json::json;
use tempfile::TempDir;

use self::model::Model;
use crate::support::{Dev, component};

const KEY: &str = "sk-key-of-the-test";

/// The paragraphs of the conversation.
const LOG: &str = "#log p";

/// The example under `bootstream dev`, with a model of the test's, and its page.
struct Chat {
    page: Page,
    model: Model,
    dev: Dev,
    _folder: TempDir,
}

impl Chat {
    /// Opens the page at `path`, which chooses the front end.
    #[track_caller]
    fn open(path: &str) -> Self {
        let model = Model::start();
        let folder = tempfile::tempdir().expect("a folder for the handler");
        let file = folder.path().join("llm-proxy.wasm");
        std::os::unix::fs::symlink(component("llm_proxy"), &file).expect("a link");
        // As the README has it for a model on this machine.
        let settings = format!(
            "pass-env = ['LLM_PROVIDER', 'LLM_URL']\n[outbound]\nallow = ['{0}']\n\
             [secrets]\nOPENAI_API_KEY = ['{0}']\n",
            model.url
        );
        std::fs::write(folder.path().join("bootstream.toml"), settings).expect("settings");
        let variables = [
            "LLM_PROVIDER=openai".to_owned(),
            format!("LLM_URL={}", model.url),
            format!("OPENAI_API_KEY={KEY}"),
        ];
        let mut arguments: Vec<_> = variables.iter().flat_map(|it| ["--env", it]).collect();
        arguments.push(file.to_str().expect("a path in UTF-8"));
        let dev = Dev::run(&arguments);
        let page = Page::open(&format!("{}{path}", dev.endpoint()));
        Self {
            page,
            model,
            dev,
            _folder: folder,
        }
    }

    /// Asks as a person does.
    #[track_caller]
    fn ask(&mut self, question: &str) {
        self.page.click("input");
        self.page.type_text(question);
        self.page.click("button");
    }

    /// Waits until the conversation ends with this paragraph.
    #[track_caller]
    fn wait_for_last(&mut self, text: &str) {
        let last = "[...document.querySelectorAll('#log p')].at(-1)?.textContent";
        self.page.wait_until(&format!("{last} === {}", json!(text)));
    }

    #[track_caller]
    fn wait_until_idle(&mut self) {
        let idle = "!document.querySelector('button').disabled";
        self.page.wait_until(idle);
    }

    #[track_caller]
    fn is_waiting(&mut self) -> bool {
        self.page
            .evaluate("document.querySelector('button').disabled")
            == json!(true)
    }
}

#[test]
fn a_token_is_on_the_page_before_the_model_has_the_next() {
    for path in ["/", "/@rest/"] {
        let mut chat = Chat::open(path);
        assert!(!chat.is_waiting(), "{path}");
        chat.ask("Why is the sky blue?");
        let question = chat.model.question();
        let asked = json!([{"role": "user", "content": "Why is the sky blue?"}]);
        assert_eq!(question.body["messages"], asked, "{path}");
        assert_contains(&question.head, &format!("authorization: Bearer {KEY}"));
        let mut answer = question.answer();

        let mut shown = String::new();
        for token in ["The", " sky", " is", " blü", " 🌍", "."] {
            answer.token(token);
            shown.push_str(token);
            chat.wait_for_last(&shown);
            assert!(chat.is_waiting(), "{path} {shown}");
        }
        answer.done();
        chat.wait_until_idle();

        assert_eq!(chat.page.texts(LOG), ["Why is the sky blue?", &shown]);
        assert_eq!(chat.page.texts(".failed"), [""; 0]);
        // The next question comes with the conversation.
        chat.ask("And at night?");
        let question = chat.model.question();
        let asked = json!([
            {"role": "user", "content": "Why is the sky blue?"},
            {"role": "assistant", "content": shown},
            {"role": "user", "content": "And at night?"},
        ]);
        assert_eq!(question.body["messages"], asked, "{path}");
        question.answer().done();
        chat.wait_until_idle();
        assert_eq!(chat.page.complaints(), [""; 0], "{path}");
    }
}

/// An event may come in two parts, and a character too.
#[test]
fn an_event_in_parts_is_shown_when_it_is_whole() {
    let mut chat = Chat::open("/");
    chat.ask("Say it");
    let mut answer = chat.model.question().answer();
    let event = "data: {\"choices\":[{\"delta\":{\"content\":\"blü\"}}]}\n\n".as_bytes();
    let split = event.iter().position(|byte| !byte.is_ascii());
    let (one, two) = event.split_at(split.expect("a character of two bytes") + 1);

    answer.token("It is ");
    answer.bytes(one);
    chat.wait_for_last("It is ");
    answer.bytes(two);
    chat.wait_for_last("It is blü");

    answer.done();
    chat.wait_until_idle();
    assert_eq!(chat.page.texts(".failed"), [""; 0]);
}

#[test]
fn a_model_that_breaks_off_is_an_incomplete_answer_on_the_page() {
    for path in ["/", "/@rest/"] {
        let mut chat = Chat::open(path);
        for how in ["cut", "ended", "error"] {
            chat.ask("Why is the sky blue?");
            let mut answer = chat.model.question().answer();
            answer.token("Because");
            chat.wait_for_last("Because");

            match how {
                "cut" => drop(answer),
                // Framed as complete, and without the model's last event.
                "ended" => answer.end(),
                _ => {
                    answer.event(r#"{"error": {"message": "out of tokens"}}"#);
                    answer.end();
                }
            }
            chat.wait_until_idle();

            let failed = chat.page.texts(LOG).pop().expect("a paragraph");
            assert_contains(&failed, "The answer is incomplete: ");
            assert_eq!(
                chat.page.texts(".failed").pop(),
                Some(failed),
                "{path} {how}"
            );
            // The half that has come can still be read.
            assert_eq!(
                chat.page.texts(".assistant").pop(),
                Some("Because".to_owned())
            );
            chat.dev.wait_for("Function.Error");
        }
        // Failures are not part of the conversation.
        chat.ask("Once more?");
        let question = chat.model.question();
        let asked = json!([{"role": "user", "content": "Once more?"}]);
        assert_eq!(question.body["messages"], asked, "{path}");
        question.answer().done();
        chat.wait_until_idle();
        assert_eq!(chat.page.texts(".failed").len(), 3, "{path}");
    }
}

#[test]
fn a_model_that_refuses_is_a_failure_without_its_words() {
    let mut chat = Chat::open("/");
    chat.ask("Why is the sky blue?");

    let refused = chat.model.question();
    refused.refuse("401 Unauthorized", "the account of somebody");
    chat.wait_until_idle();

    let failed = chat.page.texts(".failed").pop().expect("a paragraph");
    assert_contains(&failed, "The answer is incomplete: ");
    assert!(!failed.contains("the account"), "{failed}");
    chat.dev.wait_for("the account of somebody");
}

#[test]
fn markup_of_the_model_is_text() {
    let mut chat = Chat::open("/");
    let markup =
        "<img src=x onerror=\"document.title = 'taken'\"><script>document.title = 'taken'</script>";
    chat.ask(markup);
    let mut answer = chat.model.question().answer();
    answer.token(markup);
    chat.wait_for_last(markup);
    answer.done();
    chat.wait_until_idle();

    assert_eq!(chat.page.texts(LOG), [markup; 2]);
    assert_eq!(
        chat.page
            .evaluate("document.querySelectorAll('#log *').length"),
        2
    );
    assert_eq!(chat.page.evaluate("document.title"), "Chat");
}
