"""The service in breadth: the application itself, called through ASGI without a network."""

import asyncio
import json
import re
import sqlite3
from pathlib import Path

import httpx
import pytest
from sqlalchemy import text

from api.app import create_app
from api.routes.gate import LOCAL
from api.routes.once import alone, owner
from api.routes.problem import PROBLEMS
from api.settings import Key, Settings, load_settings
from api.storage import broken_links, open_store
from ledger.problems import LiushuiError
from ledger.store.locking import writing
from tests.api.small import FILES, ROOT


class Caller:
    """The application with blocking calls."""

    def __init__(self, folder, **settings):
        self.app = create_app(Settings(ledger=folder, **settings))
        self.folder = folder

    def __call__(self, method, address, **words):
        async def call():
            transport = httpx.ASGITransport(app=self.app)
            async with httpx.AsyncClient(transport=transport, base_url="http://127.0.0.1") as client:
                return await client.request(method, address, **words)

        return asyncio.run(call())

    def close(self):
        self.app.state.service.close()


@pytest.fixture(scope="module")
def call(tmp_path_factory):
    caller = Caller(tmp_path_factory.mktemp("rest"))
    for name, content in FILES.items():
        assert caller("POST", f"/v1/records?name={name}", content=content.encode()).status_code == 201
    for number in range(7):
        assert caller("POST", "/v1/cases", json={"title": f"case {number}", "reports": ["R1"]}).status_code == 201
    yield caller
    caller.close()


def every_route(caller):
    document = caller("GET", "/openapi.json").json()
    return [(method.upper(), path) for path, methods in document["paths"].items() for method in methods]


def filled(path):
    return re.sub(r"\{(\w+)\}", lambda found: {"extension": "svg"}.get(found[1], f"{found[1]}-999"), path)


def is_problem(answer, code=None):
    assert answer.headers["content-type"] == "application/problem+json", (answer.status_code, answer.text)
    told = answer.json()
    assert {"type", "title", "status", "code", "detail"} <= set(told)
    assert (told["status"], told["title"]) == (answer.status_code, PROBLEMS[told["code"]][1])
    assert PROBLEMS[told["code"]][0] == answer.status_code
    assert told["code"] == (code or told["code"])
    return True


def test_every_route_answers_a_foreign_method_with_a_problem(call):
    for _, path in every_route(call):
        assert is_problem(call("DELETE", filled(path)), "method_not_allowed")


def test_every_route_answers_an_unknown_id_with_a_problem(call):
    body = {"title": "t", "reports": ["R1"], "trace": "trace-999"}
    asked = [route for route in every_route(call) if "{" in route[1]]
    for method, path in asked:
        fitting = {} if path.endswith("/traces") else {"trace": "trace-999"} if path.endswith("batches") else None
        assert is_problem(
            call(method, filled(path), json=fitting) if method == "POST" else call(method, filled(path)), "not_found"
        )
    assert len(asked) >= 10, body


def test_every_post_answers_a_wrong_body_with_a_problem(call):
    posts = [path for method, path in every_route(call) if method == "POST" and not path.endswith("/approve")]
    for path in posts:
        assert is_problem(call("POST", filled(path), json={"what": 1}), "invalid_request")
        assert is_problem(call("POST", filled(path), content=b"{", headers={"content-type": "application/json"}), "bad_request")
    assert len(posts) == 4


def test_every_post_refuses_a_body_beyond_the_limit(call):
    for method, path in every_route(call):
        if method == "POST":
            assert is_problem(call("POST", filled(path), content=b" " * (8 * 1024 * 1024 + 1)), "body_too_large")


def test_a_body_without_a_length_is_measured_while_it_comes(call):
    async def parts():
        for _ in range(9):
            yield b"x" * 1024 * 1024

    assert is_problem(call("POST", "/v1/records?name=a.csv", content=parts()), "body_too_large")


def test_every_list_refuses_a_limit_beyond_500_and_a_strange_cursor(call):
    for path in ("/v1/cases", "/v1/freeze-batches", "/v1/cases/case-1/traces"):
        assert is_problem(call("GET", f"{path}?limit=501"), "invalid_request")
        for cursor in ("x", "%00", "cA", "é", "cC0x"):
            assert is_problem(call("GET", f"{path}?cursor={cursor}"), "bad_cursor")


def test_an_unknown_address_is_a_problem(call):
    for path in ("/", "/v1", "/v1/nothing", "/docs", "/v1/cases/case-1/", "/v1/cases/..%2f..%2fetc"):
        assert is_problem(call("GET", path), "not_found")


@pytest.mark.parametrize("name", ["case-0", "case-01", "case--1", "case-1e3", "case-٣", "1", "case-99999999999999999999"])
def test_an_id_is_ours_to_the_letter(call, name):
    assert is_problem(call("GET", f"/v1/cases/{name}"), "not_found")


def test_pages_join_to_the_whole_list(call):
    seen, cursor = [], None
    for _ in range(20):
        page = call("GET", "/v1/cases", params={"limit": 3} | ({"cursor": cursor} if cursor else {})).json()
        seen += [case["id"] for case in page["items"]]
        cursor = page["next_cursor"]
        if cursor is None:
            break
    assert seen[:7] == [f"case-{number}" for number in range(1, 8)]
    assert len(seen) == len(set(seen))


def test_a_post_with_a_key_is_done_once(call):
    def ask(title):
        return call("POST", "/v1/cases", json={"title": title, "reports": ["R1"]}, headers={"Idempotency-Key": "once"})

    first, second = ask("one"), ask("one")
    assert (first.status_code, first.content, first.headers["location"]) == (
        second.status_code,
        second.content,
        second.headers["location"],
    )
    assert "idempotent-replayed" not in first.headers
    assert second.headers["idempotent-replayed"] == "true"
    assert is_problem(ask("two"), "idempotency_key_reused")


def test_two_requests_with_one_key_at_once_do_not_both_run(call):
    with alone(owner(LOCAL), "busy"):
        second = call("POST", "/v1/cases", json={"reports": ["R1"]}, headers={"Idempotency-Key": "busy"})
    assert is_problem(second, "request_in_progress")


def test_while_another_program_writes_the_records_the_answer_is_come_again(call):
    with writing(call.folder):
        refused = call("POST", "/v1/records?name=more.csv", content=FILES["bank.csv"].encode() + b"T77,x,a,b,1,,\n")
    assert is_problem(refused, "unavailable")
    assert refused.headers["retry-after"]


def test_an_error_does_not_tell_where_the_ledger_is(call):
    made = call("POST", "/v1/cases/case-1/traces", json={"as_of": "2001-01-01T00:00:00+08:00"})
    assert is_problem(made, "cannot_do")
    assert str(call.folder) not in made.text


def test_a_refused_request_does_not_use_up_its_key(call):
    words = {"headers": {"Idempotency-Key": "later"}}
    assert is_problem(call("POST", "/v1/cases", json={"reports": ["R-none"]}, **words), "unknown_reports")
    assert call("POST", "/v1/cases", json={"reports": ["R2"]}, **words).status_code == 201


def test_the_same_upload_again_changes_nothing_and_says_so(call):
    again = call("POST", "/v1/records?name=bank.csv", content=FILES["bank.csv"].encode()).json()
    assert (again["published"], again["batch"]) == (False, None)


def test_a_number_keeps_its_written_digits(call):
    item = (
        '{"transfer": "N1", "time": "2025-03-02T09:00:00+08:00", "source": "n1", "target": "n2", "amount": 90071992547409.93}'
    )
    body = f'{{"kind": "bank", "items": [{item}]}}'
    assert call("POST", "/v1/records", content=body, headers={"content-type": "application/json"}).json()["published"]
    assert call("GET", "/v1/accounts/n1").json()["debits"] == {"CNY": {"count": 1, "total": "90071992547409.93"}}


def test_a_bad_line_is_told_and_the_good_one_taken(call):
    good = {"transfer": "L1", "time": "2025-03-02T09:00:00+08:00", "source": "l1", "target": "l2", "amount": "1.00"}
    lines = "\n".join(json.dumps(row) for row in (good, good | {"transfer": "L2", "amount": "x"}))
    told = call("POST", "/v1/records", content=lines, headers={"content-type": "application/x-ndjson"}).json()
    assert told["published"]
    assert 2 in {problem["line"] for problem in told["problems"]}


def test_records_without_a_name_or_kind_are_refused(call):
    assert is_problem(call("POST", "/v1/records", content=b"a,b\n"), "unsupported_media_type")
    assert is_problem(call("POST", "/v1/records?name=x.csv", content=b""), "invalid_request")
    assert is_problem(call("POST", "/v1/records?name=x.csv", content=b"a,b\n1,2\n"), "unusable_records")


def test_more_items_than_the_limit_are_refused(call):
    item = '{"kind":"phone","identifier":"1","account":"a"}'
    body = '{"kind": "links", "items": [' + ",".join([item] * 10_001) + "]}"
    assert is_problem(call("POST", "/v1/records", content=body, headers={"content-type": "application/json"}), "too_many_items")
    lines = (item + "\n") * 10_001
    assert is_problem(
        call("POST", "/v1/records", content=lines, headers={"content-type": "application/x-ndjson"}), "too_many_items"
    )
    assert is_problem(call("POST", "/v1/cases", json={"reports": ["R"] * 10_001}), "too_many_items")


def test_an_inline_report_joins_the_records(call):
    made = call(
        "POST", "/v1/cases", json={"inline_reports": [{"report": "R9", "victim": "6217000000000000022", "transfer": "T2"}]}
    )
    assert (made.status_code, made.json()["reports"]) == (201, ["R9"])


def test_an_inline_report_of_an_unknown_payment_is_refused(call):
    made = call("POST", "/v1/cases", json={"inline_reports": [{"report": "R8", "victim": "v", "transfer": "nowhere"}]})
    assert is_problem(made, "unusable_records")


def test_a_method_that_does_not_exist_is_refused_by_name(call):
    refused = call("POST", "/v1/cases/case-1/traces", json={"method": "lilo"})
    assert is_problem(refused, "invalid_request")
    assert refused.json()["errors"][0]["pointer"] == "/method"


def test_another_host_name_is_refused_without_keys(call):
    for host in ("evil.example", "127.0.0.1.evil.example", "localhost.evil.example:8000", ""):
        assert is_problem(call("GET", "/v1/cases", headers={"host": host}), "host_not_allowed")
    for host in ("localhost:8000", "127.0.0.1", "[::1]:9", "LOCALHOST"):
        assert call("GET", "/v1/cases", headers={"host": host}).status_code == 200


def test_every_answer_carries_the_security_headers(call):
    for path in ("/healthz", "/v1/cases", "/nothing"):
        headers = call("GET", path).headers
        assert headers["x-content-type-options"] == "nosniff"
        assert "default-src 'none'" in headers["content-security-policy"]
        assert headers["cache-control"] == "no-store"


def test_our_own_mistake_is_a_problem_that_quotes_nothing(tmp_path, caplog):
    caller = Caller(tmp_path)

    @caller.app.get("/v1/broken")
    def broken():
        raise RuntimeError("6217000000000000011 王芳")

    answer = caller("GET", "/v1/broken")
    caller.close()
    assert is_problem(answer, "internal")
    assert "6217" not in answer.text + caplog.text
    assert "RuntimeError at test_rest.py" in caplog.text


def test_before_the_first_records_the_service_says_so(tmp_path):
    caller = Caller(tmp_path)
    assert caller("GET", "/readyz").json() == {"status": "ready", "batch": None}
    assert is_problem(caller("GET", "/v1/accounts/a"), "ledger_empty")
    assert is_problem(caller("POST", "/v1/cases", json={"reports": ["R1"]}), "ledger_empty")
    caller.close()


def test_without_keys_only_this_machine_may_connect(tmp_path):
    with pytest.raises(LiushuiError, match="no keys are configured"):
        create_app(Settings(ledger=tmp_path, host="0.0.0.0"))
    key = Key(person="p", desk="d", sha256="0" * 64)
    create_app(Settings(ledger=tmp_path, host="0.0.0.0", keys=(key,))).state.service.close()


def test_a_bad_setting_is_one_clear_error(monkeypatch):
    monkeypatch.setenv("LIUSHUI_PORT", "many")
    with pytest.raises(LiushuiError, match="setting port"):
        load_settings()


def test_the_audit_chain_refuses_changes_and_shows_forged_rows(tmp_path):
    caller = Caller(tmp_path)
    for name in ("accounts.csv", "bank.csv", "reports.csv"):
        caller("POST", f"/v1/records?name={name}", content=FILES[name].encode())
    caller.close()
    store = open_store(tmp_path)
    for statement in ("UPDATE audit SET person='x'", "DELETE FROM audit", "UPDATE trace SET version=9"):
        if "trace" in statement:
            continue
        with pytest.raises(Exception, match="append-only"), store.writing() as connection:
            connection.execute(text(statement))
    with store.reading() as connection:
        assert broken_links(connection) == []
    store.close()
    with sqlite3.connect(tmp_path / "service.sqlite") as raw:
        raw.execute("DROP TRIGGER audit_no_update")
        raw.execute("UPDATE audit SET person='x' WHERE number=2")
    raw.close()
    store = open_store(tmp_path)
    with store.reading() as connection:
        assert broken_links(connection) == [2]
    store.close()


def test_the_document_describes_every_route_with_its_errors(call):
    document = call("GET", "/openapi.json").json()
    for path, methods in document["paths"].items():
        for method, operation in methods.items():
            assert operation["summary"], path
            assert "application/problem+json" in operation["responses"]["4XX"]["content"], (method, path)


def test_the_documentation_lists_every_route_and_every_code(call):
    page = (ROOT / "docs" / "rest.md").read_text(encoding="utf-8")
    routes = {(method, path.replace("{account:path}", "{account}")) for method, path in every_route(call)}
    assert set(re.findall(r"^\| `(GET|POST) (\S+)` \|", page, re.M)) == routes
    rows = re.findall(r"^\| `(\w+)` \| (\d+) \| (.+) \|$", page, re.M)
    assert {code: (int(status), title) for code, status, title in rows} == PROBLEMS


def test_the_documentation_lists_every_setting_with_its_default():
    page = (ROOT / "docs" / "settings.md").read_text(encoding="utf-8")
    rows = {
        row[0]: row[1:] for row in re.findall(r"^\| (\w+) \| `(\w+)` \| (\S+) \| .+ \|$", page, re.M) if row[0] != "setting"
    }
    assert set(rows) == set(Settings.model_fields)
    for name, field in Settings.model_fields.items():
        default = field.default
        shown = "none" if default is None else f"`{[] if default == () else default}`"
        assert rows[name] == ("LIUSHUI_" + name.upper(), shown)


def test_uploads_cannot_leave_their_folder(call):
    call("POST", "/v1/records?name=../../../../tmp/evil.csv", content=FILES["accounts.csv"].encode() + b"zz,bank,,,,,,\n")
    kept = list((call.folder / "uploads").rglob("evil.csv"))
    assert len(kept) == 1
    assert not Path("/tmp/evil.csv").exists()
