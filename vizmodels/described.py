"""What every description of an experiment is: frozen, strict, refused with one sentence."""

from typing import Any

from pydantic import BaseModel, ConfigDict, ValidationError
from pydantic.fields import FieldInfo

from vizmodels.errors import InvalidExperiment, UnknownField


class Described(BaseModel):
    """A frozen description that refuses unknown fields, NaN and infinity with one sentence."""

    model_config = ConfigDict(frozen=True, extra="forbid", allow_inf_nan=False)

    def __init__(self, /, **values: Any) -> None:
        try:
            super().__init__(**values)
        except ValidationError as error:
            raise _sentence(error, type(self)) from None

    def check_whole(self) -> None:
        """Raises InvalidExperiment where more than one field together asks too much of a server.

        Part of `vizmodels.bounds.check_bounds`; nothing is refused unless a class says so.
        """


def _sentence(error: ValidationError, asked: type[BaseModel]) -> InvalidExperiment:
    """The first thing wrong, in the one message shape."""
    first = error.errors()[0]
    inner = first.get("ctx", {}).get("error")
    if isinstance(inner, InvalidExperiment):
        return inner
    families = _families(asked)
    path = ".".join(str(part) for part in first["loc"] if part not in families)
    rule, remedy = first["msg"].removeprefix("Input should be "), "Change it and try again."
    if first["type"] == "extra_forbidden":
        known = ", ".join(asked.model_fields)
        return UnknownField(path, f"one of the fields {known}", first["input"], "Leave it out.")
    elif first["type"] == "missing":
        return InvalidExperiment(path, "given", "nothing", "Add it.")
    elif first["type"] in ("union_tag_invalid", "union_tag_not_found"):
        path, rule = "model.family", "one of " + ", ".join(families)
        got = first["input"].get("family") if isinstance(first["input"], dict) else first["input"]
        return UnknownField(path, rule, got, "Choose a family from the list.")
    elif first["type"] == "literal_error":
        return UnknownField(path, rule, first["input"], remedy)
    elif (limits := _limits(asked, first["loc"])) is not None:
        rule = limits
    elif first["type"] == "too_long":
        rule = f"at most {first.get('ctx', {}).get('max_length')} numbers"
    elif first["type"] == "string_pattern_mismatch" and path.endswith("vq_run"):
        rule = "the 12 hexadecimal digits of a run"
    elif first["type"] == "string_pattern_mismatch" and path.endswith("pictures"):
        rule = "the 8 hexadecimal digits of an image set's digest, or empty"
    elif first["type"] == "string_pattern_mismatch":
        rule = "1 to 40 lowercase letters, digits, - or _, starting with a letter or digit"
    return InvalidExperiment(path or asked.__name__, rule, first["input"], remedy)


def _limits(asked: type[BaseModel], location: tuple[int | str, ...]) -> str | None:
    """The whole range of a numeric field, so that one message says both ends."""
    field = asked.model_fields.get(str(location[0])) if location else None
    return None if field is None else range_in_words(field)


def range_in_words(field: FieldInfo, most: int | None = None) -> str | None:
    """The range of a numeric field, up to `most` if that is given; None for any other field."""
    if not (field.annotation is int or field.annotation is float):
        return None
    bounds = {
        name: getattr(mark, name)
        for mark in field.metadata
        for name in ("ge", "gt", "le", "lt")
        if getattr(mark, name, None) is not None
    }
    if most is not None:
        bounds["le"] = most
    kind = "a whole number" if field.annotation is int else "a number"
    if "ge" in bounds:
        low, open_end = f" from {bounds['ge']}", " on"
    else:
        low, open_end = f" above {bounds['gt']} and up" if "gt" in bounds else "", ""
    if "le" in bounds:
        return f"{kind}{low} to {bounds['le']}"
    return f"{kind}{low} and below {bounds['lt']}" if "lt" in bounds else f"{kind}{low}{open_end}"


def _families(asked: type[BaseModel]) -> tuple[str, ...]:
    """The tags that pydantic puts into the path of an error inside a discriminated union."""
    schema = asked.model_json_schema().get("properties", {}).get("model", {})
    return tuple(schema.get("discriminator", {}).get("mapping", {}))
