"""The navigation: pages that it does not name are still reached."""

from docs.hooks.unplaced_pages import named, with_unplaced

NAV = [{"Start": "index.md"}, {"How to": [{"Laptop": "howto/laptop.md"}]}, {"More": [{"Deep": [{"A": "a.md"}]}]}]


def test_pages_that_are_named_nowhere_go_to_the_how_to_section() -> None:
    nav = with_unplaced(NAV, ["watch.md", "a.md", "howto/laptop.md", "index.md", "howto/new.md"])
    assert nav[1] == {"How to": [{"Laptop": "howto/laptop.md"}, "howto/new.md", "watch.md"]}
    assert sorted(named(nav)) == ["a.md", "howto/laptop.md", "howto/new.md", "index.md", "watch.md"]
    assert (nav[0], nav[2]) == (NAV[0], NAV[2])
