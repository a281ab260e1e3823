"""``neuroflow completion``: what teaches a shell to complete commands, names and settings."""

from __future__ import annotations

import click

from neuroflow.cli.shared.output import say

SCRIPTS = {
    "bash": r"""_neuroflow() {
  local line word cur="${COMP_WORDS[COMP_CWORD]}"
  [[ $cur == "=" ]] && cur=""
  COMPREPLY=()
  while IFS= read -r line; do
    word="${line%%$'\t'*}"
    if [[ $word == files ]]; then
      compopt -o filenames 2>/dev/null
      while IFS= read -r word; do COMPREPLY+=("$word"); done < <(compgen -f -- "$cur")
    else
      [[ $word == *[.=] ]] && compopt -o nospace 2>/dev/null
      COMPREPLY+=("$word")
    fi
  done < <(command "${COMP_WORDS[0]}" --complete line "${COMP_LINE:0:COMP_POINT}" 2>/dev/null)
}
complete -F _neuroflow neuroflow""",
    "zsh": r"""#compdef neuroflow
_neuroflow() {
  local line word files
  local -a whole begun
  local -a typed=("${(@)words[1,CURRENT]}")
  for line in "${(@f)$(command $words[1] --complete words "$typed[@]" 2>/dev/null)}"; do
    word="${line%%$'\t'*}"
    [[ -z $word ]] && continue
    if [[ $line == files ]]; then files=1
    elif [[ $word == *[.=] ]]; then begun+=("${word//:/\\:}:${line#*$'\t'}")
    else whole+=("${word//:/\\:}:${line#*$'\t'}"); fi
  done
  (( $#whole )) && _describe 'neuroflow' whole
  (( $#begun )) && _describe 'neuroflow' begun -S ''
  [[ -n $files ]] && _files
  return 0
}
compdef _neuroflow neuroflow""",
    "fish": r"""function __neuroflow_complete
  set -l words (commandline -opc) (commandline -ct)
  for line in (command $words[1] --complete words $words 2>/dev/null)
    if test "$line" = files
      __fish_complete_path (commandline -ct)
    else
      printf '%s\n' $line
    end
  end
end
complete -c neuroflow -f -a '(__neuroflow_complete)'""",
}
"""What each shell runs at its start; the work is done by :mod:`neuroflow.completing`."""


@click.command()
@click.argument("shell", type=click.Choice(list(SCRIPTS)))
def completion(shell: str) -> None:
    """Print what teaches a shell to complete: bash, zsh or fish.

    Commands, options, recipes, the names of entries, and behind --set settings and their values
    are completed, of all that is installed.

    \b
    Examples:
      neuroflow completion bash >> ~/.bashrc
      neuroflow completion zsh >> ~/.zshrc
      neuroflow completion fish > ~/.config/fish/completions/neuroflow.fish
    """
    say(SCRIPTS[shell])
