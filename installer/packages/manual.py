"""Manual pages and completions of shells, made from the programs' own parsers, so that they tell the truth.

Run as a program with the sources first on the path: manual.py FOLDER DATE VERSION writes all of them.
"""

import argparse
import sys
from collections.abc import Iterator
from pathlib import Path

_ABOUT = {
    "callboard": "softphone for contact-centre agents, and a live wallboard",
    "callboardctl": "the centre, the scripted phone, figures and checks, without a window",
}
_FILES = {
    "callboard": (
        ("~/.config/callboard/desk.toml", "settings; the settings window writes it"),
        ("~/.local/share/callboard", "history, and what waits for the centre"),
        ("/etc/callboard/policy.toml", "defaults and locks for everybody on this machine"),
    ),
    "callboardctl": (
        ("/etc/callboard/centre.toml", "settings of the centre that the package callboard-centre runs"),
        ("/var/lib/callboard", "its ledger, messages and copies"),
    ),
}


def commands_of(parser: argparse.ArgumentParser) -> dict[str, argparse.ArgumentParser]:
    """Return the commands of a parser by name."""
    for action in parser._actions:
        if isinstance(action, argparse._SubParsersAction):
            return dict(action.choices)
    return {}


def help_of(parser: argparse.ArgumentParser) -> dict[str, str]:
    """Return what each command that is shown says of itself."""
    for action in parser._actions:
        if isinstance(action, argparse._SubParsersAction):
            return {each.dest: (each.help or "") for each in action._choices_actions}
    return {}


def options_of(parser: argparse.ArgumentParser) -> list[argparse.Action]:
    """Return the options that are shown."""
    return [each for each in parser._actions if each.option_strings and each.help != argparse.SUPPRESS]


def _roff(text: str) -> str:
    plain = text.replace("\\", "\\e").replace("-", "\\-").replace("%%", "%")
    return "\\&" + plain if plain.startswith((".", "'")) else plain


def _value(action: argparse.Action) -> str:
    if action.nargs == 0:
        return ""
    if action.metavar:
        return str(action.metavar)
    if action.choices:
        return "|".join(str(each) for each in action.choices)
    return action.dest.upper()


def _option_lines(parser: argparse.ArgumentParser) -> Iterator[str]:
    for action in options_of(parser):
        value = _value(action)
        names = ", ".join(f"\\fB{_roff(name)}\\fR" for name in action.option_strings)
        yield ".TP"
        yield names + (f" \\fI{_roff(value)}\\fR" if value else "")
        yield _roff(action.help or "") or "\\&"


def page(name: str, parser: argparse.ArgumentParser, date: str, version: str) -> str:
    """Return the manual page of a program (man(7) macros)."""
    told = help_of(parser)
    lines = [
        f'.TH {name.upper()} 1 "{date}" "Callboard {version}" "User commands"',
        ".SH NAME",
        f"{name} \\- {_roff(_ABOUT[name])}",
        ".SH SYNOPSIS",
        f".B {name}",
        f"[\\fIOPTION\\fR]...{' [' if name == 'callboard' else ' '}\\fICOMMAND\\fR [\\fIOPTION\\fR]..."
        + ("]" if name == "callboard" else ""),
        ".SH DESCRIPTION",
        _roff(" ".join((parser.description or "").replace("`", "").split())),
        ".SH OPTIONS",
        *_option_lines(parser),
        ".SH COMMANDS",
    ]
    for command, inner in commands_of(parser).items():
        if command in told:
            lines += [f".SS {_roff(command)}", _roff(told[command]) + ".", *_option_lines(inner)]
    lines.append(".SH FILES")
    for file, words in _FILES[name]:
        lines += [".TP", f".I {_roff(file)}", _roff(words)]
    other = "callboardctl" if name == "callboard" else "callboard"
    lines += [
        ".SH EXIT STATUS",
        "0 when it went well, 1 when it failed, 2 for bad use.",
        ".SH SEE ALSO",
        f".BR {other} (1)",
    ]
    return "\n".join(lines) + "\n"


def _words(parser: argparse.ArgumentParser) -> str:
    return " ".join(name for each in options_of(parser) for name in each.option_strings)


def _choices(parser: argparse.ArgumentParser) -> Iterator[tuple[str, str]]:
    for action in options_of(parser):
        if action.choices:
            yield "|".join(action.option_strings), " ".join(str(each) for each in action.choices)


def bash(name: str, parser: argparse.ArgumentParser) -> str:
    """Return the completion for bash: commands, options, and values that are fixed; files elsewhere."""
    told = help_of(parser)
    shown = {each: inner for each, inner in commands_of(parser).items() if each in told}
    lines = [
        f"# bash completion of {name}",
        f"_{name}() {{",
        '    local word="${COMP_WORDS[COMP_CWORD]}" before="${COMP_WORDS[COMP_CWORD-1]}" command="" each',
        '    for each in "${COMP_WORDS[@]:1:COMP_CWORD-1}"; do',
        f'        case "$each" in {"|".join(shown)}) command="$each"; break ;; esac',
        "    done",
        '    case "$before" in',
    ]
    fixed = dict(pair for each in (parser, *shown.values()) for pair in _choices(each))
    for names, values in fixed.items():
        lines.append(
            f'        {names}) mapfile -t COMPREPLY < <(compgen -W "{values}" -- "$word"); return ;;'
        )
    lines += ["    esac", '    case "$command" in']
    for command, inner in shown.items():
        lines.append(f'        {command}) each="{_words(inner)}" ;;')
    lines += [
        f'        *) each="{" ".join([_words(parser), *shown])}" ;;',
        "    esac",
        '    case "$word" in',
        '        -*) mapfile -t COMPREPLY < <(compgen -W "$each" -- "$word") ;;',
        '        *) if [ -z "$command" ] && [[ "$before" != -* ]]; then',
        '               mapfile -t COMPREPLY < <(compgen -W "$each" -- "$word")',
        "           fi ;;",
        "    esac",
        "}",
        f"complete -o default -F _{name} {name}",
    ]
    return "\n".join(lines) + "\n"


def _zsh_text(text: str) -> str:
    return (
        text.replace("'", "'\\''")
        .replace("[", "\\[")
        .replace("]", "\\]")
        .replace(":", "\\:")
        .replace("%%", "%")
    )


def _zsh_options(parser: argparse.ArgumentParser) -> Iterator[str]:
    for action in options_of(parser):
        choices = " ".join(str(each) for each in action.choices or ())
        kind = f"({choices})" if choices else ("_files" if action.nargs != 0 else "")
        value = f":{_zsh_text(_value(action))}:{kind}" if action.nargs != 0 else ""
        for option in action.option_strings:
            yield f"'{option}[{_zsh_text(action.help or '')}]{value}'"


def zsh(name: str, parser: argparse.ArgumentParser) -> str:
    """Return the completion for zsh."""
    told = help_of(parser)
    lines = [
        f"#compdef {name}",
        "",
        f"_{name}() {{",
        "    local context state state_descr line",
        "    typeset -A opt_args",
    ]
    lines.append("    _arguments -C \\")
    lines += [f"        {each} \\" for each in _zsh_options(parser)]
    lines += [
        "        '1: :->command' '*:: :->options'",
        '    case "$state" in',
        "        command)",
        "            local -a commands=(",
    ]
    lines += [f"                '{command}:{_zsh_text(words)}'" for command, words in told.items()]
    lines += [
        "            )",
        "            _describe command commands ;;",
        "        options)",
        '            case "$line[1]" in',
    ]
    for command, inner in commands_of(parser).items():
        if command in told:
            lines.append(f"                {command}) _arguments {' '.join(_zsh_options(inner))} ;;")
    lines += ["            esac ;;", "    esac", "}", "", f'_{name} "$@"']
    return "\n".join(lines) + "\n"


def fish(name: str, parser: argparse.ArgumentParser) -> str:
    """Return the completion for fish."""
    told = help_of(parser)
    lines = [f"# fish completion of {name}"]
    lines += list(_fish_options(name, parser, "__fish_use_subcommand"))
    for command, words in told.items():
        lines.append(f"complete -c {name} -f -n __fish_use_subcommand -a {command} -d {_quoted(words)}")
    for command, inner in commands_of(parser).items():
        if command in told:
            lines += list(_fish_options(name, inner, f"__fish_seen_subcommand_from {command}"))
    return "\n".join(lines) + "\n"


def _quoted(text: str) -> str:
    return "'" + text.replace("\\", "\\\\").replace("'", "\\'").replace("%%", "%") + "'"


def _fish_options(name: str, parser: argparse.ArgumentParser, when: str) -> Iterator[str]:
    for action in options_of(parser):
        names = " ".join(
            f"-l {each[2:]}" if each.startswith("--") else f"-s {each[1:]}" for each in action.option_strings
        )
        values = " ".join(str(each) for each in action.choices or ())
        takes = (f" -x -a {_quoted(values)}" if values else " -r") if action.nargs != 0 else ""
        yield f"complete -c {name} -n {_quoted(when)} {names}{takes} -d {_quoted(action.help or '')}"


def write(folder: Path, date: str, version: str) -> None:
    """Write NAME.1, NAME.bash, NAME.zsh and NAME.fish of both programs."""
    from console.__main__ import _parser as ctl
    from ui.__main__ import _parser as desk

    folder.mkdir(parents=True, exist_ok=True)
    for name, parser in (("callboard", desk()), ("callboardctl", ctl())):
        (folder / f"{name}.1").write_text(page(name, parser, date, version), encoding="utf-8")
        for shell, made in (("bash", bash), ("zsh", zsh), ("fish", fish)):
            (folder / f"{name}.{shell}").write_text(made(name, parser), encoding="utf-8")


if __name__ == "__main__":
    write(Path(sys.argv[1]), sys.argv[2], sys.argv[3])
