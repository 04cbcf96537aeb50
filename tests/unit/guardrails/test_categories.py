import pytest
from hypothesis import given
from hypothesis import strategies as st

from config.sources import Category
from guardrails.categories import categorise, sides

PATHS = st.lists(
    st.text("abts./_-", min_size=1, max_size=20)
    | st.sampled_from(["src/pages/a.tsx", "server/b.py", "lib/c.go", "Dockerfile", "README.md", "src/a.test.ts"])
)


@pytest.mark.parametrize(
    ("path", "category"),
    [
        ("src/App.tsx", Category.FRONTEND),
        ("web/src/pages/index.css", Category.FRONTEND),
        ("src/components/nav/menu.js", Category.FRONTEND),
        ("tailwind.config.mjs", Category.FRONTEND),
        ("server/index.ts", Category.BACKEND),
        ("api/users.ts", Category.BACKEND),
        ("cmd/main.go", Category.BACKEND),
        ("app/main.py", Category.BACKEND),
        ("src/api/client.ts", Category.BACKEND),
        ("src/routes/users.ts", Category.BACKEND),
        ("server/migrations/0001_init.py", Category.DATABASE),
        ("prisma/schema.prisma", Category.DATABASE),
        ("reports/slow.sql", Category.DATABASE),
        ("docker/entrypoint.sh", Category.CONFIG),
        (".github/workflows/ci.yml", Category.CONFIG),
        ("server/Dockerfile.prod", Category.CONFIG),
        ("package.json", Category.CONFIG),
        ("src/components/Button.test.tsx", Category.TEST),
        ("server/users.spec.ts", Category.TEST),
        ("src/__tests__/app.ts", Category.TEST),
        ("server/migrations/tests/test_init.py", Category.TEST),
        ("packages/shared/types.ts", Category.SHARED),
        ("lib/money.py", Category.SHARED),
        ("server/emails/welcome.tsx", Category.SHARED),
        ("README.md", Category.OTHER),
        ("serverless/readme.txt", Category.OTHER),
        ("not-package.json", Category.OTHER),
        ("Src/Pages/x", Category.OTHER),
    ],
)
def test_a_path_tells_its_category(path: str, category: Category) -> None:
    assert categorise([path]) == {category: (path,)}


@pytest.mark.parametrize(
    ("path", "side"),
    [
        ("src/components/Button.test.tsx", Category.FRONTEND),
        ("server/__tests__/users.test.ts", Category.BACKEND),
        ("tests/test_users.py", Category.BACKEND),
        ("e2e/checkout.spec.ts", Category.OTHER),
    ],
)
def test_a_test_sides_with_what_it_tests(path: str, side: Category) -> None:
    assert categorise([path]) == {Category.TEST: (path,)}
    assert sides([path]) == {side: (path,)}


def test_an_operators_patterns_replace_those_of_the_categories_they_name() -> None:
    patterns = {Category.BACKEND: ("*.rb", "worker/*.js"), Category.SHARED: ()}
    found = categorise(["app/a.rb", "worker/b.js", "x/worker/b.js", "lib/c.py", "d.tsx"], patterns)
    assert found == {
        Category.BACKEND: ("app/a.rb", "worker/b.js"),
        Category.FRONTEND: ("d.tsx",),
        Category.OTHER: ("x/worker/b.js", "lib/c.py"),
    }


@given(PATHS)
def test_every_path_is_in_exactly_one_category(paths: list[str]) -> None:
    sorted_in = [path for files in categorise(paths).values() for path in files]
    assert sorted(sorted_in) == sorted(set(paths))


@given(PATHS)
def test_no_path_sides_with_the_tests(paths: list[str]) -> None:
    assert Category.TEST not in sides(paths)
