"""With credentials, a wildcard is refused before a name below which anyone can register a name."""

import subprocess
import sys
from collections.abc import Iterator
from importlib import resources

import pytest
from publicsuffixlist import PublicSuffixList

from crossorigin import InvalidPolicyError, IssueCode, Policy
from crossorigin.fetch.host import is_domain
from crossorigin.policy.check.hosting_suffixes import HOSTING_SUFFIXES
from crossorigin.policy.check.public_suffix import SuffixNode, registrable_domain, suffix_tree, why_public


@pytest.mark.parametrize(
    ("host", "words"),
    [
        ("com", "is a public suffix"),
        ("co.uk", "is a public suffix"),
        ("github.io", "is a public suffix"),
        ("vercel.app", "is a public suffix"),
        ("app.github.dev", "is a public suffix"),
        ("ws-eu45.gitpod.io", "is a public suffix"),
        ("ext-twitch.tv", "is a public suffix"),
        ("local-credentialless.webcontainer-api.io", "is a public suffix"),
        ("crm4.dynamics.com", "is a public suffix"),
        ("cloudworkstations.dev", "has public suffixes under it"),
        ("com.", "is a public suffix"),
        ("github.io.", "is a public suffix"),
        ("s3.amazonaws.com", "is a public suffix"),
        # By a rule that is itself a wildcard, `*.ck`.
        ("example.ck", "is a public suffix"),
        ("xn--p1ai", "is a public suffix"),
        ("xn--55qx5d.cn", "is a public suffix"),
        ("xn--fiqs8s.", "is a public suffix"),
        ("amazonaws.com", "has public suffixes under it"),
        ("amazonaws.com.", "has public suffixes under it"),
        ("railway.app", "has public suffixes under it"),
        ("corp", "is not on the public suffix list"),
        ("lan", "is not on the public suffix list"),
        ("invalid.", "is not on the public suffix list"),
        ("example", "is not on the public suffix list"),
    ],
)
def test_a_name_that_anyone_can_use_is_recognized(host: str, words: str) -> None:
    """Public suffixes, names above some, and top-level names that are not on the list."""
    why = why_public(host)
    assert why is not None
    assert words in why


@pytest.mark.parametrize(
    "host",
    [
        "example.com",
        "example.com.",
        "example.co.uk",
        "me.github.io",
        "app.me.vercel.app",
        # By an exception from `*.ck`.
        "www.ck",
        "example.corp",
        "xn--bcher-kva.xn--p1ai",
        "localhost",
        "localhost.",
        "app.localhost",
        "test",
        "a.test",
        "internal",
        "svc.internal",
        "home.arpa",
        "nas.home.arpa.",
    ],
)
def test_a_name_that_is_its_owners_is_known(host: str) -> None:
    """Registrable names, everything below them, and names that nobody can register."""
    assert why_public(host) is None


def names_below(node: SuffixNode, name: str = "") -> Iterator[tuple[str, SuffixNode]]:
    """Yield each name of the tree below a node, with a label for a wildcard."""
    below = {**node.children, **({"canary": node.wildcard} if node.wildcard is not None else {})}
    for label, child in below.items():
        full = f"{label}.{name}" if name else label
        yield full, child
        yield from names_below(child, full)


def test_every_name_of_the_tree_is_a_host_as_it_travels() -> None:
    """Names beyond ASCII are in Punycode, and comments do not count."""
    # Without names from an earlier test.
    found = {name: node.section for name, node in names_below(suffix_tree.__wrapped__())}
    assert all(map(is_domain, found))
    expected = {"com": "registry", "co.uk": "registry", "xn--gmqw5a.hk": "registry", "canary.ck": "registry"}
    expected |= {
        "github.io": "hosting",
        "app.github.dev": "hosting",
        "canary.gitpod.io": "hosting",
        "www.ck": "exception",
    }
    assert {name: found[name] for name in expected} == expected


@pytest.mark.parametrize(
    ("host", "registrable"),
    [
        ("a.b.co.uk", "b.co.uk"),
        ("co.uk", "co.uk"),
        ("a.www.ck", "www.ck"),
        ("a.b.example.ck", "b.example.ck"),
        # A top-level name that is not on the list counts as a suffix.
        ("a.b.corp", "b.corp"),
        ("corp", "corp"),
        # Below a wildcard, and listed for the names below itself.
        ("a.mtls.run.app", "a.mtls.run.app"),
        # Our own list.
        ("x.y-3000.app.github.dev", "y-3000.app.github.dev"),
        ("x.3000-y.ws-eu45.gitpod.io", "3000-y.ws-eu45.gitpod.io"),
    ],
)
def test_a_host_has_a_part_that_somebody_registered(host: str, registrable: str) -> None:
    """It consists of the public suffix and one label."""
    assert registrable_domain(host) == registrable


def test_the_tree_says_what_another_reader_of_the_list_says() -> None:
    """For every name of the list, `publicsuffixlist` has the same registrable domain.

    It also takes the name above a wildcard for a suffix, which the algorithm does not.
    """
    text = resources.files("publicsuffixlist").joinpath("public_suffix_list.dat").read_text(encoding="utf-8")
    other = PublicSuffixList(source="\n".join([text, *HOSTING_SUFFIXES]))
    for name, node in names_below(suffix_tree()):
        for host in (f"a.{name}", f"b.a.{name}", f"c.b.a.{name}"):
            expected = other.privatesuffix(host, accept_unknown=True) or host
            assert registrable_domain(host) == expected or node.section is None, host


@pytest.mark.parametrize("rule", HOSTING_SUFFIXES)
def test_a_hosting_suffix_of_our_own_is_needed(rule: str) -> None:
    """The public list does not have it. This fails once it does; then the entry can go."""
    name = rule.replace("*", "canary")
    assert PublicSuffixList().publicsuffix(name) != name
    assert HOSTING_SUFFIXES[rule]


@pytest.mark.parametrize(
    "suffix",
    [
        "z6.web.core.windows.net",
        "z01.azurefd.net",
        "contoso.sharepoint.com",
        "acme.my.site.com",
        "lite.vusercontent.net",
    ],
)
def test_a_region_or_zone_below_a_hosting_suffix_is_a_suffix(suffix: str) -> None:
    """Its names belong to many customers. The name of one customer has none below it that belong to others."""
    is_customer = suffix.startswith(("contoso", "acme"))
    assert (why_public(suffix) is None) == is_customer


@pytest.mark.parametrize("host", ["arpa", "mylocalhost", "latest"])
def test_an_exempt_name_is_exempt_by_whole_labels(host: str) -> None:
    """A name that only ends with the same letters is not exempt."""
    assert why_public(host) is not None


@pytest.mark.parametrize(
    "pattern", ["https://*.com", "https://*.co.uk:*", "https://*.amazonaws.com.", "https://*.corp:8080"]
)
def test_such_a_wildcard_is_refused_with_credentials_only(pattern: str) -> None:
    """It is valid without credentials, and with the switch."""
    with pytest.raises(InvalidPolicyError) as caught:
        Policy(allow_origins=[pattern], allow_credentials=True)
    assert [issue.code for issue in caught.value.issues] == [IssueCode.PUBLIC_SUFFIX_WITH_CREDENTIALS]
    assert Policy(allow_origins=[pattern]).allow_origins == (pattern,)
    meant = Policy(allow_origins=[pattern], allow_credentials=True, dangerously_allow_public_suffixes=True)
    assert meant.allow_origins == (pattern,)


@pytest.mark.parametrize("pattern", ["http://*.corp:8080", "*.GitHub.io/"])
def test_such_a_wildcard_is_seen_behind_another_error(pattern: str) -> None:
    """Neither an insecure scheme nor an error in the text hides that untrusted origins would be allowed."""
    with pytest.raises(InvalidPolicyError) as caught:
        Policy(allow_origins=[pattern], allow_credentials=True)
    assert IssueCode.PUBLIC_SUFFIX_WITH_CREDENTIALS in {issue.code for issue in caught.value.issues}


def test_an_unlisted_name_is_called_so() -> None:
    """The message says that the list does not know the name, which may be the operator's own."""
    with pytest.raises(InvalidPolicyError, match="corp is a top-level name that is not on the public suffix list"):
        Policy(allow_origins=["https://*.corp"], allow_credentials=True)


@pytest.mark.parametrize(
    "pattern", ["https://*.test", "https://*.app.internal", "https://*.localhost:*", "https://*.example.com"]
)
def test_ones_own_names_start_with_credentials(pattern: str) -> None:
    """A wildcard below an owned name causes neither an error nor a warning."""
    assert Policy(allow_origins=[pattern], allow_credentials=True).allow_origins == (pattern,)


LOADED = """
import sys
from crossorigin import CORSMiddleware, Policy
def loaded(): return [name for name in sys.modules if name.split(".")[0] == "publicsuffixlist"] != []
seen = [loaded()]
Policy(allow_origins=["https://*.example.com", "http://localhost:*"]); seen.append(loaded())
Policy(allow_origins=["https://a.example.com", "http://localhost:*"], allow_credentials=True); seen.append(loaded())
Policy(allow_origins=["https://*.com"], allow_credentials=True, dangerously_allow_public_suffixes=True)
seen.append(loaded())
Policy(allow_origins=["https://*.example.com"], allow_credentials=True); seen.append(loaded())
print(seen)
"""


def test_the_list_is_read_only_when_a_wildcard_meets_credentials() -> None:
    """The dependency is imported only then."""
    run = subprocess.run([sys.executable, "-c", LOADED], capture_output=True, text=True, check=True, timeout=60)
    assert run.stdout.strip() == "[False, False, False, False, True]"
