"""The conditional orders' REST calls."""

from __future__ import annotations

from collections.abc import Mapping

from engine.paper.paper_algo_orders import PaperAlgoOrder
from engine.paper.paper_algo_request import parse_algo
from engine.paper.paper_call import DAY_MS, Call, Handler
from engine.paper.paper_order_request import whole_number
from engine.paper.paper_refusals import refusal

_LONGEST_QUERY_MS = 7 * DAY_MS


def _place(call: Call) -> object:
    market, account = call.market(), call.account
    algo = parse_algo(call.params, market.spec, account.account_id, call.now_ms)
    return call.algos.place(account, algo, call.now_ms).written(market.grid)


def _find(call: Call) -> PaperAlgoOrder | None:
    algo_id = whole_number(call.params, "algoId")
    client_id = call.params.get("clientAlgoId", "")
    if algo_id is None and not client_id:
        raise refusal(
            -1102, "Either 'clientAlgoId' or 'algoId' must be sent, both were empty/null."
        )
    return call.algos.find(call.account, algo_id, client_id)


def _query(call: Call) -> object:
    algo = _find(call)
    if algo is None:
        raise refusal(-2013)
    return algo.queried(call.exchange.grids[algo.symbol], in_list=False)


def _cancel(call: Call) -> object:
    algo = _find(call)
    if algo is None:
        raise refusal(-2011)
    call.algos.cancel(algo, call.now_ms)
    return {
        "algoId": algo.algo_id,
        "clientAlgoId": algo.client_algo_id,
        "code": "200",
        "msg": "success",
    }


def _cancel_all(call: Call) -> object:
    symbol = call.market().symbol
    for algo in call.algos.open_of(call.account):
        if algo.symbol == symbol and algo.waits:
            call.algos.cancel(algo, call.now_ms)
    return {"code": 200, "msg": "The operation of cancel all open order is done."}


def _rows(call: Call, algos: list[PaperAlgoOrder]) -> list[dict[str, object]]:
    grids = call.exchange.grids
    return [algo.queried(grids[algo.symbol], in_list=True) for algo in algos]


def _open(call: Call) -> object:
    symbol = call.market().symbol if call.params.get("symbol") else None
    algo_id = whole_number(call.params, "algoId")
    return _rows(
        call,
        [
            algo
            for algo in call.algos.open_of(call.account)
            if (symbol is None or algo.symbol == symbol)
            and (algo_id is None or algo.algo_id == algo_id)
        ],
    )


def _all(call: Call) -> object:
    symbol = call.market().symbol
    start_ms, end_ms = call.times(_LONGEST_QUERY_MS)
    from_id = whole_number(call.params, "algoId")
    algos = [
        algo
        for algo in call.algos.of(call.account)
        if algo.symbol == symbol
        and (from_id is None or algo.algo_id >= from_id)
        and (start_ms is None or algo.created_ms >= start_ms)
        and (end_ms is None or algo.created_ms <= end_ms)
    ]
    algos.sort(key=lambda algo: algo.algo_id)
    limit = call.limit(500, 1000)
    return _rows(call, algos[-limit:] if from_id is None and start_ms is None else algos[:limit])


ALGO_REQUESTS: Mapping[str, Handler] = {
    "place_algo": _place,
    "query_algo": _query,
    "cancel_algo": _cancel,
    "cancel_all_algo": _cancel_all,
    "open_algos": _open,
    "all_algos": _all,
}
