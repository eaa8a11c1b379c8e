"""The forms of a case over HTTP: every field from the case, identity only for those who may see it, reads logged."""

import re
from datetime import UTC, datetime
from html import unescape

import pytest

from domain.access import Role
from storage.pool import transaction
from tests.api.visitors import Api, problem

pytestmark = pytest.mark.services

STORY = {
    "channel": "phone",
    "customer": {"name": "李华", "phone": "138 1234 5678", "address": "幸福路 8 号", "id": "GAS-7"},
    "category": "supply_pressure",
    "severity": 4,
    "narrative": "每天晚上燃气压力低。\n热水器点不着。",
    "demand": "尽快上门检查",
    "representative": "王强，儿子",
    "vulnerability": ["age"],
    "claimed": {"amount": "120.50", "currency": "CNY"},
}


WINDOW = {"window_from": "2099-03-10T09:00:00+08:00", "window_to": "2099-03-10T11:30:00+08:00"}


@pytest.fixture(scope="module")
async def reference(api: Api) -> str:
    """A case with a visit that found nothing settled."""
    taken = await api["hotline"].take(**STORY, policy="demo-full")
    supervisor, handler = api["supervisor"], api["handler"]
    await supervisor.do(taken, "assess", decision="partly", ground="outside_terms", evidence="现场照片")
    await handler.do(taken, "claim")
    await handler.do(taken, "start_investigation")
    await handler.do(taken, "note", text="阀门老化")
    await handler.do(taken, "request_partner", partner="city_fitters", question="何时到达？")
    await handler.do(taken, "partner_reply", number=1, answer="十点四十")
    terms = {"outcome": "upheld", "cause": "equipment", "remedies": ["apology", "repair"]}
    await handler.do(taken, "respond", way="phone", letter="我们已更换阀门。", **terms)
    await api["caller"].do(taken, "plan_callback", **WINDOW)
    await api["caller"].do(
        taken,
        "record_visit",
        way="phone",
        result="reached",
        carried_out=True,
        matches_answer=False,
        solved="no",
        satisfaction=2,
        items={"speed": 3, "manner": 5},
        reason="压力还是低",
        new_demand="再来一次",
    )
    return taken


def fields_of(page: str) -> dict[str, str]:
    """What stands beside each label; ticked options in the place of boxes."""
    rows = re.findall(r'<th scope="row">(.*?)</th>\s*<td[^>]*>(.*?)</td>\s*(?=<th scope="row">|</tr>)', page, re.DOTALL)
    return {unescape(label): _said(cell) for label, cell in rows}


def _said(cell: str) -> str:
    if "option" in cell:
        ticked = re.findall(r"☑\">✓</span>(.*?)</span>", cell)
        return unescape("|".join(ticked))
    return unescape(re.sub(r"\s+", " ", re.sub(r"<br>|<[^>]+>", " ", cell))).strip()


async def page_of(api: Api, who: str, path: str, **params: str) -> str:
    answer = await api[who].send("GET", path, params=params, headers={"Accept": "text/html"})
    assert answer.status_code == 200, answer.text
    assert answer.headers["content-type"] == "text/html; charset=utf-8"
    return answer.text


async def test_the_register_says_what_the_case_is(api: Api, reference: str) -> None:
    found = fields_of(await page_of(api, "supervisor", f"/v1/complaints/{reference}/register-form"))
    expected = {
        "受理人": "hotline",
        "来源渠道": "电话",
        "姓名／名称": "李华",
        "电话": "138 1234 5678",
        "地址": "幸福路 8 号",
        "用户号": "GAS-7",
        "特殊关怀": "高龄",
        "代理人及授权": "王强，儿子",
        "投诉类别": "供气压力",
        "严重程度": "4",
        "索赔金额": "CNY 120.50",
        "投诉内容": "每天晚上燃气压力低。 热水器点不着。",
        "顾客诉求": "尽快上门检查",
        "识别结论": "部分有效",
        "理由": "不在服务范围内",
        "识别人": "supervisor",
        "依据": "现场照片",
        "责任人": "handler",
        "责任合作伙伴": "city_fitters",
        "原因": "设备",
        "处理措施": "致歉|维修",
        "对顾客的答复": "我们已更换阀门。",
        "处理结果": "成立",
        "审批": "handler",
    }
    assert {label: found[label] for label in expected} == expected
    assert "阀门老化" in found["调查情况"]
    assert "何时到达？ 十点四十" in found["合作伙伴答复"]
    assert "未解决" in found["回访记录"]


async def test_the_visit_record_says_what_the_customer_said(api: Api, reference: str) -> None:
    page = await page_of(api, "supervisor", f"/v1/complaints/{reference}/visit-form", lang="en")
    found = fields_of(page)
    expected = {
        "Case": reference,
        "Attempt": "1",
        "Person visited": "李华",
        "Planned": "2099-03-10 09:00 – 11:30",
        "Way": "Phone",
        "Visitor": "caller",
        "Result": "Reached",
        "Outcome": "",
        "Measure carried out": "Yes",
        "Matches the answer": "No",
        "Solved": "No",
        "Overall": "Dissatisfied",
        "Speed": "Neutral",
        "Manner": "Very satisfied",
        "Communication": "",
        "Reason": "压力还是低",
        "New demand": "再来一次",
        "Reopened": "Yes",
    }
    assert {label: found[label] for label in expected} == expected


async def test_before_the_first_attempt_there_is_a_sheet_to_take_along(api: Api) -> None:
    taken = await api["hotline"].take(**STORY)
    found = fields_of(await page_of(api, "hotline", f"/v1/complaints/{taken}/visit-form"))
    assert (found["投诉编号"], found["被访人"], found["访问次数"]) == (taken, "李华", "1")
    assert (found["问题是否解决"], found["总体满意度"]) == ("", "")


@pytest.mark.parametrize("kind", ["register", "visit"])
@pytest.mark.parametrize("language", ["zh", "en"])
async def test_each_form_is_also_a_pdf(api: Api, reference: str, kind: str, language: str) -> None:
    path = f"/v1/complaints/{reference}/{kind}-form"
    answer = await api["supervisor"].send(
        "GET", path, params={"lang": language}, headers={"Accept": "application/pdf, text/html;q=0.5"}
    )
    assert (answer.status_code, answer.headers["content-type"]) == (200, "application/pdf")
    assert answer.content.startswith(b"%PDF-")
    assert answer.headers["content-disposition"] == f'inline; filename="{reference}-{kind}.pdf"'


@pytest.mark.parametrize(("kind", "title"), [("register", "顾客投诉处理登记表"), ("visit", "访问顾客记录表")])
async def test_an_empty_form_has_every_field_and_nothing_in_it(api: Api, kind: str, title: str) -> None:
    page = await page_of(api, "hotline", f"/v1/forms/{kind}")
    found = fields_of(page)
    assert f"<h1>{title}</h1>" in page
    assert "☑" not in page
    assert len(found) > 15
    written = {label: said for label, said in found.items() if said}
    assert written.keys() <= {"合作伙伴答复", "赔付", "时限", "超期情况", "延期", "暂停", "升级", "回访记录", "改进"}


async def test_a_form_is_a_page_without_script_whose_one_style_is_allowed_by_its_hash(api: Api) -> None:
    answer = await api["hotline"].send("GET", "/v1/forms/visit", headers={"Accept": "text/html"})
    policy = answer.headers["content-security-policy"]
    assert policy.startswith("default-src 'none'; style-src 'sha256-")
    assert answer.headers["x-content-type-options"] == "nosniff"
    assert "<script" not in answer.text
    assert "http" not in answer.text.replace("http-equiv", "")


async def test_text_that_looks_like_markup_stays_text(api: Api) -> None:
    hostile = '<script>alert(1)</script> #import "x" *bold* $x$ \\ @y'
    taken = await api["hotline"].take(**STORY | {"narrative": hostile})
    path = f"/v1/complaints/{taken}/register-form"
    assert fields_of(await page_of(api, "hotline", path))["投诉内容"] == hostile
    assert "<script" not in await page_of(api, "hotline", path)
    paper = await api["hotline"].send("GET", path, headers={"Accept": "application/pdf"})
    assert paper.content.startswith(b"%PDF-")


async def test_what_accepts_neither_page_nor_paper_is_refused(api: Api, reference: str) -> None:
    path = f"/v1/complaints/{reference}/register-form"
    problem(await api["supervisor"].send("GET", path, headers={"Accept": "application/json"}), 406, "not_acceptable")
    problem(await api["supervisor"].get(path, lang="fr"), 422, "invalid")


@pytest.mark.parametrize("path", ["register-form", "visit-form"])
async def test_a_form_of_a_case_out_of_sight_is_not_there(api: Api, reference: str, path: str) -> None:
    stranger = await api.enrol("another hotline", Role.HOTLINE)
    problem(await stranger.get(f"/v1/complaints/{reference}/{path}"), 404, "not_found")
    problem(await api["operator"].get(f"/v1/complaints/{reference}/{path}"), 403, "forbidden")


async def test_the_read_of_personal_data_is_logged_with_who_read_it(api: Api, reference: str) -> None:
    path = f"/v1/complaints/{reference}/register-form"
    await page_of(api, "auditor", path)
    logged = (await api["privacy"].get("/v1/personal-data/log", reference=reference)).json()["items"][0]
    assert (logged["by"], logged["act"]) == (api["auditor"].person.id, "read")
    assert "register-form" in logged["route"]


async def test_the_form_of_an_erased_customer_says_so(api: Api) -> None:
    taken = await api["hotline"].take(**STORY | {"customer": {"name": "张三"}})
    parts = api.house.parts
    customer = (await api.house.record(taken)).intake.customer
    async with transaction(parts.pool) as connection:
        await parts.vault.erase(connection, customer, at=datetime.now(UTC))
    found = fields_of(await page_of(api, "hotline", f"/v1/complaints/{taken}/register-form"))
    assert found["姓名／名称"] == found["投诉内容"] == "（应顾客要求已删除）"
