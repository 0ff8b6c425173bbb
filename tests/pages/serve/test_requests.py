"""Only complete and known states are accepted; other requests get every mistake and change nothing."""

from __future__ import annotations

import json
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from simulation.pages.explore.sliders import GUIDANCE, HIKE, LEVERAGE, MEETING_ORDER, PRICED, SPREAD, STOCK
from simulation.pages.serve.controls import SLIDER_RANGES, RequestError, parse_state
from simulation.pages.serve.requests import MAX_BODY_BYTES, parse_request
from simulation.pages.serve.served_page import ServedPage
from tests.pages.serve.conftest import PORT, FakePool, call, make_dispatcher, run_async

WRONG_NUMBERS: tuple[Any, ...] = (
    *("NaN", "-NaN", "Infinity", "-Infinity", "1e400", "-1e400", "9" * 400, "-0.001", "1e9", "-1e9", "true", "false"),
    *('""', '"250"', '"250.0"', '"much"', '"0x10"', "[]", "[250]", "{}", '{"a": 1}', '"NaN"', '"\\u0000"'),
)
WRONG_STATES = (
    *(f'{{"{key}": {number}}}' for key in (STOCK, LEVERAGE, PRICED) for number in WRONG_NUMBERS),
    *(f'{{"{SPREAD}": {{"target_pp": {number}}}}}' for number in (*WRONG_NUMBERS, "null")),
    *(
        f'{{"{HIKE}": {rate}}}'
        for rate in (*WRONG_NUMBERS, "25", '"25"', '"80bp"', '"-25bp"', '"1e400bp"', '"NaNbp"', '"25 apples"')
    ),
    *(
        f'{{"{key}": {name}}}'
        for key in (GUIDANCE, MEETING_ORDER)
        for name in (*WRONG_NUMBERS, '"vague "', '"2025-12-20"', '"2025-02-31"')
    ),
    *(
        f'{{"{SPREAD}": {path}}}'
        for path in ("1.5", '"1.5"', "{}", '{"target_pp": 1.5, "over_days": 1}', '{"surprise": true}')
    ),
    *(
        f'{{"{key}": 1}}'
        for key in ("seed", "end", "runs", "", "__class__", "populations.carry_funds.investors", "a" * 900, f"{STOCK} ")
    ),
    f'{{"{STOCK}": 250, "{STOCK}": 260}}',
    *("null", "1", "true", '"state"', "[]", '[{"a": 1}]'),
)
WRONG_CLIENTS = ("null", "1", '""', '"short"', f'"{"a" * 65}"', '"with space"', '"<script>"', "[]")
WRONG_BEYOND = ("-1", "1.5", "true", '"8"', "10001", "null", "[]", "NaN")
WRONG_TEXTS = (
    *('{"state": {}}', '{"client": "a-student"}', "{}", "[]", "null", "1", '"text"', "", " ", "{", "}"),
    *("[" * 3000, '{"a":' * 800, "client=a-student", "<x/>", '{"client": "a-student", "state": {}} more'),
    '{"client": "a-student", "state": {}, "runs": 5}',
)
INVALID_REQUESTS = (
    *(f'{{"client": "a-student", "state": {state}}}' for state in WRONG_STATES),
    *(f'{{"client": {client}, "state": {{}}}}' for client in WRONG_CLIENTS),
    *(f'{{"client": "a-student", "state": {{}}, "beyond": {beyond}}}' for beyond in WRONG_BEYOND),
    *WRONG_TEXTS,
)


def test_there_are_two_hundred_invalid_requests() -> None:
    assert len(set(INVALID_REQUESTS)) >= 200


def test_invalid_requests_get_400_with_the_reason_and_change_nothing(page: ServedPage) -> None:
    async def check() -> None:
        pool = FakePool()
        dispatcher = make_dispatcher(page, pool)
        before = (await call(dispatcher, "GET", "/status")).json
        texts = [text.encode() for text in INVALID_REQUESTS]
        for text in (*texts, b"\xff\xfe", b"\x00", '{"client": "a-student", "state": {}}'.encode("utf-16")):
            answer = await call(dispatcher, body=text)
            assert answer.status == 400, text
            assert answer.headers["content-type"] == "application/json"
            for one in answer.json["mistakes"]:
                assert set(one) == {"key", "value", "unit", "allowed", "cure"}
                assert one["allowed"], text
                assert one["cure"], text
            assert answer.json["mistakes"]
            assert len(answer.body) < 6000
        assert (await call(dispatcher, "GET", "/status")).json == before
        assert pool.batches == []
        assert len(dispatcher.cache) == 0

    run_async(check())


@pytest.mark.parametrize(
    ("key", "value", "unit", "allowed", "cure"),
    [
        (STOCK, 4100, "$bn", "allowed: 50 to 600 $bn", "send 600"),
        (LEVERAGE, 1, "x", "allowed: 2 to 5 x", "send 2"),
        (PRICED, 62, "probability", "allowed: 0 to 0.95 (probability)", "send 0.95"),
        (HIKE, "100bp", "bp", "allowed: 0 to 75 bp", "send 75bp"),
        (HIKE, 25, "bp", "allowed: 0 to 75 bp", "write the rate with its unit as text, such as 25bp"),
        (
            GUIDANCE,
            "dove",
            "",
            "one of: dovish, six_monthly, hawkish; null for the value of the base scenario",
            "send 'dovish', or null",
        ),
    ],
)  # fmt: skip
def test_a_mistake_names_key_value_unit_range_and_cure(
    key: str, value: Any, unit: str, allowed: str, cure: str
) -> None:
    with pytest.raises(RequestError) as caught:
        parse_state({key: value})
    (one,) = caught.value.mistakes
    assert (one.key, one.unit, one.allowed, one.cure) == (key, unit, allowed, cure)
    assert one.value in (str(value), json.dumps(value))


def test_all_mistakes_are_reported_at_once() -> None:
    with pytest.raises(RequestError) as caught:
        parse_request(json.dumps({"client": "x", "state": {STOCK: 1, LEVERAGE: 9}, "beyond": -1, "more": 1}).encode())
    assert [one.key for one in caught.value.mistakes] == ["more", "client", "beyond", STOCK, LEVERAGE]


@given(st.binary(max_size=300))
@settings(max_examples=200, deadline=None)
def test_random_bytes_are_refused(body: bytes) -> None:
    with pytest.raises(RequestError):
        parse_request(body)


PLAIN = st.none() | st.booleans() | st.floats() | st.integers() | st.text(max_size=9)
VALUES = PLAIN | st.lists(PLAIN, max_size=2) | st.dictionaries(st.sampled_from(["target_pp", "y"]), PLAIN, max_size=2)


@given(st.dictionaries(st.sampled_from([*SLIDER_RANGES, GUIDANCE, "x"]), VALUES, max_size=3))
@settings(max_examples=300, deadline=None)
def test_accepted_values_lie_in_their_range(state: dict[str, Any]) -> None:
    try:
        found = parse_state(state)
    except RequestError:
        return
    assert parse_state(found) == found
    for key, value in found.items():
        assert state[key] is not None
        if key in (STOCK, LEVERAGE, PRICED):
            assert SLIDER_RANGES[key].low <= value <= SLIDER_RANGES[key].high


def test_any_number_in_range_is_accepted(page: ServedPage) -> None:
    state = {SPREAD: {"target_pp": 1.23456}, HIKE: "0.1%", PRICED: 0.333, LEVERAGE: 2.71, STOCK: 123.4}
    assert parse_state(state) == state | {HIKE: "10bp"}
    assert (
        page.key(parse_state({STOCK: 250.0, HIKE: "0.25%", LEVERAGE: 4.0}))
        == '{"populations.carry_funds.leverage_x.median":4}'
    )


def test_wrong_methods_paths_types_and_origins_are_refused(page: ServedPage) -> None:
    async def check() -> None:
        dispatcher = make_dispatcher(page, FakePool())
        good = b'{"client": "a-student", "state": {}}'
        cases = [
            (405, await call(dispatcher, "GET", "/state")),
            (405, await call(dispatcher, "PUT", "/state", good)),
            (405, await call(dispatcher, "POST", "/", good)),
            (404, await call(dispatcher, "GET", "/etc/passwd")),
            (404, await call(dispatcher, "GET", "/../pyproject.toml")),
            (413, await call(dispatcher, body=b" " * (MAX_BODY_BYTES + 1))),
            (415, await call(dispatcher, body=good, headers={"content-type": "text/plain"})),
            (415, await call(dispatcher, body=good, headers={"content-type": ""})),
            (400, await call(dispatcher, body=good, headers={"host": "evil.example"})),
            (400, await call(dispatcher, body=good, headers={"host": f"127.0.0.1:{PORT + 1}"})),
            (403, await call(dispatcher, body=good, headers={"origin": "http://evil.example"})),
            (403, await call(dispatcher, body=good, headers={"origin": "null"})),
        ]
        for status, answer in cases:
            assert answer.status == status
            assert answer.json["error"]
        assert len(dispatcher.waiting) == 0

    run_async(check())


def test_every_response_has_security_headers(page: ServedPage) -> None:
    async def check() -> None:
        dispatcher = make_dispatcher(page, FakePool())
        for answer in (
            await call(dispatcher, "GET", "/"),
            await call(dispatcher, "GET", "/nowhere"),
            await call(dispatcher, body=b"{"),
            await call(dispatcher, headers={"host": "evil.example"}),
            await call(
                dispatcher,
                "OPTIONS",
                headers={"origin": "http://evil.example", "access-control-request-method": "POST"},
            ),
        ):
            assert answer.headers["content-security-policy"] == "default-src 'none'; frame-ancestors 'none'"
            assert answer.headers["x-content-type-options"] == "nosniff"
            assert answer.headers["cross-origin-resource-policy"] == "same-origin"
            assert answer.headers["cache-control"] == "no-store"
            assert not [name for name in answer.headers if name.startswith("access-control")]
        assert (await call(dispatcher, "GET", "/", headers={"host": f"localhost:{PORT}"})).body == b"<p>the page</p>"

    run_async(check())
