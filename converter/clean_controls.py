"""The pass for form controls: buttons, labels, fields, check boxes."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

from converter.clean_media import NO_ADDRESS
from converter.clean_structure import unwrap_around_rows
from converter.tree import Element, drop, drop_all, is_blank, neutralize, text_of

if TYPE_CHECKING:
    from converter.profiles import Profile

CONTROLS: Final = ("button", "label", "form", "fieldset", "legend", "input")
_FORMS: Final = frozenset({"form", "fieldset", "legend"})
_TABLE: Final = frozenset({"table", "thead", "tbody", "tfoot", "tr"})
_CODE: Final = ("code", "samp", "kbd", "tt")
# Up to the item that is its task.
_AROUND_BOX: Final = frozenset(
    [
        *_CODE,
        *"li a b center del div em font form i ins label mark p s section small span strike strong u".split(),
    ]
)
_SHOWN: Final = ("img", "hr", "br", "input", "x-ref", "x-tex")


def unwrap_buttons(root: Element, profile: Profile) -> int:  # noqa: ARG001
    """Unwrap form controls with text, drop those without; check boxes of task lists stay, where there is a task."""
    count = 0
    gone: list[Element] = []
    hollow: dict[Element, bool] = {}
    for element in list(root.iter(*CONTROLS)):
        if element.tag == "input":
            kind = (element.get("type") or "").lower()
            if kind == "checkbox":
                around = next(element.iterancestors("li", "td", "th"), None)
                if around is None or around.tag != "li" or not _is_hollow(around, hollow):
                    if _begins_item(element):
                        count += _move_out_of_code(element)
                        continue
                    # Only an item can be a task, by its first box; elsewhere a reader sees the box all the same.
                    element.tail = ("☐" if element.get("checked") is None else "☑") + (element.tail or "")
                gone.append(element)
            elif kind == "image" and (element.get("src") or "").strip() not in NO_ADDRESS:
                element.tag = "img"
            else:
                gone.append(element)
        elif element.tag in _FORMS and (above := element.getparent()) is not None and above.tag not in _TABLE:
            element.attrib.clear()
            element.tag = "div"
        elif element.tag != "form" or not unwrap_around_rows(element):
            neutralize(element)
        count += 1
    drop_all(gone)
    return count


def _begins_item(box: Element) -> bool:
    """Whether a check box is the first thing that its item shows; what stands before it is looked at up to that."""
    child: Element | None = box
    while child is not None and child.tag != "li":
        before = child.getprevious()
        while before is not None:
            if not is_blank(before.tail) or _shows(before):
                return False
            before = before.getprevious()
        child = child.getparent()
        if child is None or not is_blank(child.text) or child.tag not in _AROUND_BOX:
            return False
    return True


def _move_out_of_code(box: Element) -> int:
    """Put a check box that code begins with before the code: in there it would be text of it."""
    code = None
    for around in box.iterancestors():
        if around.tag == "li":
            break
        code = around if around.tag in _CODE else code
    if code is None:
        return 0
    drop(box)  # the text behind it stays
    box.tail = None
    code.addprevious(box)
    return 1


def _shows(element: Element) -> bool:
    return not is_blank(text_of(element)) or next(element.iter(*_SHOWN), None) is not None


def _is_hollow(item: Element, known: dict[Element, bool]) -> bool:
    """Whether nothing but boxes to check is in an item; each is looked at once."""
    if item not in known:
        known[item] = is_blank(text_of(item)) and next(item.iterdescendants("img", "hr", "x-ref"), None) is None
    return known[item]
