"""Small repositories of every kind that `init` knows: path -> text."""

from collections.abc import Mapping

from agents.entrypoints.init.found import Found, Origin, Wishes
from agents.entrypoints.init.inspection import inspect
from agents.entrypoints.init.listing import Listing

ORIGIN = Origin("https://github.com/acme/sample.git", "acme/sample", "main")

FASTAPI = {
    "pyproject.toml": """\
[project]
name = "kodex"
requires-python = ">=3.11"
dependencies = ["fastapi>=0.110", "uvicorn[standard]", "transformers", "pydantic-settings", "pydub"]
[dependency-groups]
dev = ["pytest", "pytest-cov", "ruff"]
[tool.ruff]
line-length = 100
""",
    "uv.lock": "version = 1\n",
    "app/__init__.py": "",
    "app/main.py": """\
from pathlib import Path
from fastapi import FastAPI

app = FastAPI()
VOICES = Path("static/tts")


@app.get("/health")
def health() -> dict[str, str]:
    return {"status": "ok"}


def index() -> Path:
    return Path("data") / "chroma"
""",
    "app/settings.py": """\
import os
from pydantic_settings import BaseSettings, SettingsConfigDict


class Settings(BaseSettings):
    model_config = SettingsConfigDict(env_prefix="KODEX_")
    openai_api_key: str
    voice: str = "alloy"


LEVEL = os.getenv("LOG_LEVEL", "info")
""",
    "tests/test_main.py": "import pytest\n\n\ndef test_it() -> None:\n    assert True\n",
}
FLASK = {
    "requirements.txt": "flask==3.1\ngunicorn==23.0\n",
    "requirements-dev.txt": "pytest==8.3\n",
    ".python-version": "3.12.4\n",
    "app.py": """\
import os
from flask import Flask

app = Flask(__name__)
KEY = os.environ["STRIPE_API_KEY"]


@app.route("/healthz")
def healthz():
    return "ok"
""",
    "test_app.py": "def test_it():\n    assert True\n",
}
DJANGO = {
    "pyproject.toml": """\
[tool.poetry]
name = "shop"
[tool.poetry.dependencies]
python = "^3.12"
django = "^5.1"
gunicorn = "^23.0"
[build-system]
requires = ["poetry-core"]
build-backend = "poetry.core.masonry.api"
""",
    "poetry.lock": "# lock\n",
    "manage.py": "import os\nos.environ.setdefault('DJANGO_SETTINGS_MODULE', 'shop.settings')\n",
    "shop/__init__.py": "",
    "shop/wsgi.py": "application = None\n",
    "shop/settings.py": "import os\nSECRET_KEY = os.environ['DJANGO_SECRET_KEY']\nMEDIA_ROOT = BASE_DIR / 'media'\n",
    "shop/urls.py": "from django.urls import path\nurlpatterns = [path('health/', lambda r: None)]\n",
}
PLAIN = {
    "pyproject.toml": '[project]\nname = "watcher"\nrequires-python = ">=3.11,<3.13"\n',
    "src/watcher/__init__.py": "",
    "src/watcher/__main__.py": """\
import os
from http.server import BaseHTTPRequestHandler, HTTPServer


class Page(BaseHTTPRequestHandler):
    def do_GET(self) -> None:
        self.send_response(200 if self.path == "/health" else 404)
        self.end_headers()


HTTPServer(("0.0.0.0", int(os.environ.get("PORT", "8090"))), Page).serve_forever()
""",
}
NEXT = {
    "package.json": """{"name": "web", "engines": {"node": ">=22"}, "scripts": {"build": "next build",
 "start": "next start", "lint": "eslint ."}, "dependencies": {"next": "15.1.0", "react": "19.0.0"}}""",
    "package-lock.json": "{}",
    "next.config.mjs": 'export default { output: "standalone" };\n',
    "public/logo.svg": "<svg/>",
    "app/page.tsx": "export default function Page() { return <p>{process.env.GREETING}</p>; }\n",
    "app/api/health/route.ts": "export function GET() { return Response.json({ ok: true }); }\n",
}
NEXT_PLAIN = {
    **{path: text for path, text in NEXT.items() if path not in {"next.config.mjs", "app/api/health/route.ts"}},
    "pnpm-lock.yaml": "lockfileVersion: '9.0'\n",
}
VITE = {
    "package.json": """{"name": "shop-front", "scripts": {"build": "vite build", "test": "vitest run"},
 "devDependencies": {"vite": "6.0.0", "vitest": "3.0.0"}}""",
    "yarn.lock": "# yarn lockfile v1\n",
    ".nvmrc": "v22\n",
    "index.html": "<div id='app'></div>\n",
    "src/main.ts": "console.log(import.meta.env.VITE_API, process.env.VITE_MODE);\n",
    "vite.config.ts": 'export default { build: { outDir: "out" } };\n',
}
EXPRESS = {
    "package.json": """{"name": "api", "scripts": {"start": "node dist/server.js", "build": "tsc",
 "test": "echo \\"Error: no test specified\\" && exit 1"}, "dependencies": {"express": "5.0.1"},
 "devDependencies": {"typescript": "5.7.2"}}""",
    "package-lock.json": "{}",
    "src/server.ts": """\
import express from "express";
const app = express();
app.get("/", (_, response) => response.send("hello"));
app.listen(process.env.PORT || 4000);
const key = process.env.DATABASE_URL;
const file = "./uploads/";
""",
}
MONOREPO = {
    **{f"core/{path}": text for path, text in FASTAPI.items()},
    **{f"batch/{path}": text for path, text in FLASK.items()},
    **{f"web/{path}": text for path, text in VITE.items()},
    "libs/shared/pyproject.toml": '[project]\nname = "shared"\ndependencies = ["httpx"]\n',
    "libs/shared/shared/__init__.py": "",
}
BARE = {"requirements.txt": "flask\n", "app.py": "from flask import Flask\n\napplication = Flask('bare')\n"}

SAMPLES: Mapping[str, tuple[Mapping[str, str], Wishes]] = {
    "fastapi-uv": (FASTAPI, Wishes()),
    "fastapi-gpu": (FASTAPI, Wishes(mode="gpu")),
    "flask-requirements": (FLASK, Wishes()),
    "flask-gpu": (FLASK, Wishes(mode="gpu")),
    "django-poetry": (DJANGO, Wishes(host="shop-1.example", approvers=("U0HANA",))),
    "plain": (PLAIN, Wishes()),
    "next-standalone": (NEXT, Wishes()),
    "next": (NEXT_PLAIN, Wishes()),
    "vite": (VITE, Wishes()),
    "express": (EXPRESS, Wishes()),
    "monorepo": (MONOREPO, Wishes(approvers=("terminal:hana",))),
    "bare": (BARE, Wishes(image="registry.example:5000/bare")),
}


def listing(files: Mapping[str, str]) -> Listing:
    """See texts as a repository."""
    return Listing(frozenset(files), dict(files))


def found_in(files: Mapping[str, str], wishes: Wishes | None = None) -> Found:
    """Inspect texts as a repository on GitHub."""
    return inspect(listing(files), ORIGIN, "sample", wishes or Wishes())
