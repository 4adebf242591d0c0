"""The service as its users meet it: a real server process on loopback, from upload to approval."""

import hashlib
import json
import subprocess
import sys
import time

import httpx
import pytest

from tests.api.small import FILES, ROOT, liushui, told

KEYS = {"analyst": ["read", "write"], "approver": ["read", "approve"], "stranger": ["read", "write", "approve"]}


def keys_file(folder):
    listed = [
        {
            "person": person,
            "desk": "fraud",
            "institution": "CCB" if person == "stranger" else "ICBC",
            "sha256": hashlib.sha256(f"secret-{person}".encode()).hexdigest(),
            "scopes": scopes,
        }
        for person, scopes in KEYS.items()
    ]
    path = folder / "keys.json"
    path.write_text(json.dumps(listed))
    return path


class Server:
    """A server process with its address."""

    def __init__(self, folder, *words, env=None):
        import os

        command = [sys.executable, "-W", "error", "-m", "api", "serve", str(folder), "--port", "0", "--json", *words]
        environment = os.environ | (env or {})
        pipes = {"stdout": subprocess.PIPE, "stderr": subprocess.PIPE, "text": True}
        self.process = subprocess.Popen(command, cwd=ROOT, env=environment, **pipes)
        text = ""
        while not text.rstrip().endswith("}"):
            line = self.process.stdout.readline()
            assert line, self.process.stderr.read()
            text += line
        self.url = json.loads(text)["url"]
        deadline = time.monotonic() + 30
        while time.monotonic() < deadline:
            try:
                httpx.get(self.url + "/healthz").raise_for_status()
                return
            except httpx.TransportError:
                time.sleep(0.05)
        raise AssertionError("the server did not come up")

    def client(self, person=None):
        headers = {"X-API-Key": f"secret-{person}"} if person else {}
        return httpx.Client(base_url=self.url, headers=headers, timeout=300)  # a cold machine compiles loops first

    def stop(self):
        self.process.terminate()
        return self.process.communicate(timeout=30)[1]


@pytest.fixture(scope="module")
def served(tmp_path_factory):
    folder = tmp_path_factory.mktemp("served")
    server = Server(folder / "ledger", env={"LIUSHUI_KEYS_FILE": str(keys_file(folder))})
    yield server, folder / "ledger"
    if server.process.poll() is None:
        server.stop()


@pytest.fixture(scope="module")
def batch(served):
    """Records uploaded, a case made and traced, a freeze batch proposed: what every test below looks at."""
    with served[0].client("analyst") as analyst:
        for name, text in FILES.items():
            assert analyst.post(f"/v1/records?name={name}", content=text.encode()).status_code == 201
        case = analyst.post("/v1/cases", json={"title": "Refund impostor", "reports": ["R1", "R2"]}).json()
        trace = analyst.post(f"/v1/cases/{case['id']}/traces", json={}).json()
        made = analyst.post("/v1/freeze-batches", json={"trace": trace["id"], "now": "2025-03-01T12:30:00+08:00"})
        assert made.status_code == 201, made.text
        return {"case": case, "trace": trace, "batch": made.json()}


def test_a_trace_conserves_every_claim(batch):
    totals = batch["trace"]["summary"]["totals"]
    assert totals == {"claims": 2, "amount": "55000.00", "held": "54500.00", "sinks": "500.00", "identity": True}


def test_held_and_transfers_are_those_of_the_result_files(served, batch):
    with served[0].client("analyst") as analyst:
        held = analyst.get(f"/v1/traces/{batch['trace']['id']}/held").json()["items"]
        hops = [row["hop"] for row in analyst.get(f"/v1/traces/{batch['trace']['id']}/transfers").json()["items"]]
    assert {(row["claim"], row["account"]): row["basis"] for row in held}["R2", "6217000000000000022"] == "5000.00"
    assert hops == [1, 2, 2, 3, 3, 4, 1]


def test_the_ranking_names_the_accounts_that_hold_the_money(served, batch):
    with served[0].client("analyst") as analyst:
        items = analyst.get(f"/v1/traces/{batch['trace']['id']}/ranking").json()["items"]
    assert {"6217000000000000022", "6222000000000000033"} <= {row["account"] for row in items}
    assert [row["rank"] for row in items] == list(range(1, len(items) + 1))


@pytest.mark.parametrize(
    ("extension", "kind", "begin"),
    [("svg", "image/svg+xml", b"<"), ("png", "image/png", b"\x89PNG"), ("json", "application/json", b"{")],
)
def test_the_diagram_comes_in_every_format(served, batch, extension, kind, begin):
    with served[0].client("analyst") as analyst:
        answer = analyst.get(f"/v1/traces/{batch['trace']['id']}/diagram.{extension}")
    assert (answer.headers["content-type"].partition(";")[0], answer.content[: len(begin)]) == (kind, begin)


def test_the_batch_asks_for_liens_within_what_is_held(batch):
    totals = batch["batch"]["batch"]["totals"]
    assert totals["requests"] > 0
    assert 0 < float(totals["lien_amount"]["CNY"]) <= 54500


def test_four_eyes_are_needed_and_enough(served, batch):
    address = f"/v1/freeze-batches/{batch['batch']['id']}/approve"
    with (
        served[0].client("analyst") as analyst,
        served[0].client("approver") as approver,
        served[0].client("stranger") as stranger,
    ):
        assert analyst.post(address).json()["code"] == "scope_missing"
        assert stranger.post(address).json()["code"] == "not_found"
        first = approver.post(address, headers={"Idempotency-Key": "yes"})
        assert (first.status_code, first.json()["state"], first.json()["approved_by"]) == (200, "approved", "approver")
        assert approver.post(address, headers={"Idempotency-Key": "yes"}).content == first.content
        assert approver.post(address).json()["code"] == "already_approved"


def test_another_institution_sees_neither_case_nor_trace_nor_batch(served, batch):
    with served[0].client("stranger") as stranger:
        for address in (
            f"/v1/cases/{batch['case']['id']}",
            f"/v1/traces/{batch['trace']['id']}/held",
            f"/v1/freeze-batches/{batch['batch']['id']}",
        ):
            assert stranger.get(address).json()["code"] == "not_found"
        assert stranger.get("/v1/cases").json()["items"] == stranger.get("/v1/freeze-batches").json()["items"] == []


def test_a_holder_is_named_to_the_institution_of_the_account_only(served, batch):
    names = {}
    for person in ("analyst", "stranger"):
        with served[0].client(person) as client:
            names[person] = client.get("/v1/accounts/6217000000000000011").json()["holder_name"]
    assert names == {"analyst": "王芳", "stranger": None}


def test_no_key_and_a_wrong_key_are_refused(served):
    with served[0].client() as nobody, served[0].client("thief") as thief:
        assert (nobody.get("/v1/cases").json()["code"], thief.get("/v1/cases").json()["code"]) == ("key_missing", "key_unknown")


def test_a_second_server_on_the_same_ledger_is_refused(served):
    done = liushui("serve", served[1], "--port", "0", status=1)
    assert "API-ledger-busy" in done.stderr


def test_verify_checks_the_audit_chain_beside_the_running_server(served, batch):
    checks = {check["check"]: check for check in told("verify", served[1])["checks"]}
    assert checks["audit chain"]["ok"]
    assert checks["service files"]["ok"]
    assert checks["fresh trace"]["mismatches"] == 0


def test_new_records_make_the_old_trace_too_old_for_a_batch(served, batch):
    line = {
        "transfer": "T9",
        "time": "2025-03-01T10:30:00+08:00",
        "source": "6222000000000000033",
        "target": "x",
        "amount": "1.10",
    }
    with served[0].client("analyst") as analyst:
        before = analyst.get(f"/v1/traces/{batch['trace']['id']}/held").json()
        assert analyst.post("/v1/records", json={"kind": "bank", "items": [line]}).json()["published"]
        refused = analyst.post("/v1/freeze-batches", json={"trace": batch["trace"]["id"]})
        assert (refused.status_code, refused.json()["code"]) == (409, "ledger_changed")
        again = analyst.post(f"/v1/cases/{batch['case']['id']}/traces", json={}).json()
        assert again["version"] == 2
        assert analyst.get(f"/v1/traces/{batch['trace']['id']}/held").json() == before


def test_the_log_holds_no_name_and_no_number(served, batch):
    log = served[0].stop()
    assert not [word for word in ("王芳", "6217", "secret", "Refund") if word in log]
