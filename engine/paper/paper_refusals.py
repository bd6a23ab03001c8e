"""The venue's refusals: code, text and HTTP status as the exchange sends them.

Strangers' clients match on the code and show the text, so both are the venue's.
Raised as VenueError by every part of the paper exchange; the server turns them
into `{"code", "msg"}`.
"""

from __future__ import annotations

from engine.errors import VenueError

_TEXTS: dict[int, str] = {
    -1000: "An unknown error occurred while processing the request.",
    -1008: (
        "Request throttled by system-level protection. Reduce-only/close-position orders are "
        "exempt. Please try again."
    ),
    -1021: "Timestamp for this request is outside of the recvWindow.",
    -1022: "Signature for this request is not valid.",
    -1099: "Not found, unauthenticated, or unauthorized.",
    -1101: "Duplicate values for a parameter detected.",
    -1111: "Precision is over the maximum defined for this asset.",
    -1115: "Invalid timeInForce.",
    -1116: "Invalid orderType.",
    -1117: "Invalid side.",
    -1120: "Invalid interval.",
    -1121: "Invalid symbol.",
    -1125: "This listenKey does not exist.",
    -1127: "More than the allowed time between startTime and endTime.",
    -1128: "Combination of optional parameters invalid.",
    -1023: "Start time is greater than end time.",
    -2011: "Unknown order sent.",
    -2013: "Order does not exist.",
    -2014: "API-key format invalid.",
    -2015: "Invalid API-key, IP, or permissions for action.",
    -2018: "Balance is insufficient.",
    -2019: "Margin is insufficient.",
    -2021: "Order would immediately trigger.",
    -2022: "ReduceOnly Order is rejected.",
    -2023: "User in liquidation mode now.",
    -2025: "Reach max open order limit.",
    -2026: "This OrderType is not supported when reduceOnly.",
    -2027: "Exceeded the maximum allowable position at current leverage.",
    -2028: "Leverage is smaller than permitted: insufficient margin balance.",
    -4001: "Price less than 0.",
    -4002: "Price greater than max price.",
    -4003: "Quantity less than zero.",
    -4004: "Quantity less than min quantity.",
    -4005: "Quantity greater than max quantity.",
    -4006: "Stop price less than zero.",
    -4013: "Price less than min price.",
    -4014: "Price not increased by tick size.",
    -4015: "Client order id is not valid.",
    -4021: "depth limit is not valid.",
    -4023: "Qty not increased by step size.",
    -4031: "Invalid working type.",
    -4032: "Exceed maximum cancel order size.",
    -4045: "Reach max stop order limit.",
    -4046: "No need to change margin type.",
    -4047: "Margin type cannot be changed if there exists open orders.",
    -4048: "Margin type cannot be changed if there exists position.",
    -4050: "Cross balance insufficient.",
    -4051: "Isolated balance insufficient.",
    -4053: "Add margin only support for isolated position.",
    -4054: "Cannot add position margin: position is 0.",
    -4055: "Amount must be positive.",
    -4059: "No need to change position side.",
    -4060: "Invalid position side.",
    -4061: "Order's position side does not match user's setting.",
    -4062: "Invalid or improper reduceOnly value.",
    -4067: "Position side cannot be changed if there exists open orders.",
    -4068: "Position side cannot be changed if there exists position.",
    -4082: "Invalid number of batch place orders.",
    -4105: "This symbol is in reduce only mode due to position risk control.",
    -4116: "ClientOrderId is duplicated.",
    -4118: "ReduceOnly Order Failed. Please check your existing position and open orders.",
    -4120: (
        "Order type not supported for this endpoint. "
        "Please use the Algo Order API endpoints instead."
    ),
    -4130: (
        "An open stop or take profit order with GTE and closePosition in the direction is existing."
    ),
    -4131: ("The counterparty's best price does not meet the PERCENT_PRICE filter limit."),
    -4135: "Invalid activation price.",
    -4136: "Invalid callBack rate.",
    -4137: "Quantity must be zero with closePosition equals true.",
    -4138: "Reduce only must be true with closePosition equals true.",
    -4142: "Order's stop price would trigger immediately.",
    -4144: "Invalid pair.",
    -4161: "Leverage reduction is not supported in Isolated Margin Mode with open positions.",
    -4167: (
        "Unable to adjust to Multi-Assets mode with symbols of USDⓈ-M Futures under "
        "isolated-margin mode."
    ),
    -4168: "Unable to adjust to isolated-margin mode under the Multi-Assets mode.",
    -4171: "No need to change Multi-Assets mode.",
    -4192: "Trade forbidden due to Cooling-off Period.",
    -5021: (
        "Due to the order could not be filled immediately, the FOK order has been rejected. "
        "The order will not be recorded in the order history"
    ),
    -5022: (
        "Due to the order could not be executed as maker, the Post Only order will be rejected. "
        "The order will not be recorded in the order history"
    ),
    -5024: "Symbol is not in trading status. Order amendment is not permitted.",
    -5025: "Only limit order is supported.",
    -5026: "Exceed maximum modify order limit.",
    -5027: "No need to modify the order.",
    -5028: "Timestamp for this request is outside of the ME recvWindow",
    -5037: "Invalid price match",
    -5038: "Price match only supports order type: LIMIT, STOP AND TAKE_PROFIT",
    -5039: "Invalid self trade prevention mode",
    -5040: (
        "The goodTillDate timestamp must be greater than the current time plus 600 seconds and "
        "smaller than 253402300799000"
    ),
    -5041: "No depth matches this BBO order",
    -5047: "The reduceOnly parameter is only accepted when the original order is reduce-only.",
}


def refusal(code: int, text: str | None = None, *, http_status: int = 400) -> VenueError:
    """The error to raise. `text` only where the venue fills in a value."""
    return VenueError(code, text if text is not None else _TEXTS[code], http_status)


def text_of(code: int) -> str:
    """The venue's words, or what there is to say of a code that this venue never has."""
    return _TEXTS.get(code, f"Refused with code {code}.")


def missing(name: str) -> VenueError:
    return refusal(
        -1102, f"Mandatory parameter '{name}' was not sent, was empty/null, or malformed."
    )


def illegal(name: str, legal: str) -> VenueError:
    return refusal(
        -1100, f"Illegal characters found in parameter '{name}'; legal range is '{legal}'."
    )


def not_required(name: str) -> VenueError:
    return refusal(-1106, f"Parameter '{name}' sent when not required.")


def bad_value(name: str) -> VenueError:
    return refusal(-1130, f"Data sent for parameter '{name}' is not valid.")
