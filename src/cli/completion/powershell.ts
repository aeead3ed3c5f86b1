import type { OptionValue } from '../claude-words.ts';
import { OPTION_VALUES } from './option-values.ts';
import { CLAUDE_ONLY, type Place } from './places.ts';

const quoted = (text: string): string => `'${text.replaceAll("'", "''")}'`;
const list = (words: readonly string[]): string => `@(${words.map(quoted).join(', ')})`;

// An empty list gives nothing of ours, so PowerShell completes file names by itself.
const choicesOf = (value: OptionValue): string => list(typeof value === 'string' ? [] : value);

function placeEntry({ path, words, options }: Place): string {
  const verbs = words.map(({ name, summary }) => `${quoted(name)} = ${quoted(summary || name)}`);
  return `    ${quoted(path)} = @{ Verbs = [ordered]@{ ${verbs.join('; ')} }; Options = ${list(options)} }\n`;
}

/** PowerShell 5.1 and 7. Checked as text only: no PowerShell runs where the tests run. */
export function powershellScript(places: readonly Place[]): string {
  const spellings = places.flatMap((place) =>
    place.spellings.map((spelling) => `    ${quoted(spelling)} = ${quoted(place.path)}\n`),
  );
  const values = Object.entries(OPTION_VALUES).map(
    ([option, value]) => `    ${quoted(option)} = ${choicesOf(value)}\n`,
  );
  return `# PowerShell completion for claude-secure and the claude behind it. Generated: npm run completions

Register-ArgumentCompleter -Native -CommandName claude-secure -ScriptBlock {
  param($wordToComplete, $commandAst, $cursorPosition)

  # Every spelling of a place, and the place it leads to.
  $enter = @{
${spellings.join('')}  }
  # Options that need a value, and the values that can be listed.
  $values = @{
${values.join('')}  }
  $places = @{
${places.map(placeEntry).join('')}  }

  $place = ''
  $option = ''
  $argument = $false
  $typed = @($commandAst.CommandElements | Where-Object { $_.Extent.EndOffset -lt $cursorPosition } | Select-Object -Skip 1)
  for ($index = 0; $index -lt $typed.Count; $index++) {
    $word = $typed[$index].ToString()
    if ($option) { $option = '' }
    elseif ($word -eq '--' -and $index -eq 0) { $place = '${CLAUDE_ONLY}' }
    elseif ($word.StartsWith('-')) { if ($values.ContainsKey($word)) { $option = $word } }
    elseif (-not $argument) {
      if ($place -eq '${CLAUDE_ONLY}') { $place = '' }
      if ($enter.ContainsKey("$place/$word")) { $place = $enter["$place/$word"] } else { $argument = $true }
    }
  }

  if ($option) { $found = $values[$option] }
  elseif ($wordToComplete.StartsWith('-')) { $found = $places[$place].Options }
  elseif ($argument) { $found = @() }
  else { $found = $places[$place].Verbs.Keys }

  $found | Where-Object { $_ -like "$wordToComplete*" } | ForEach-Object {
    $summary = $places[$place].Verbs[$_]
    if (-not $summary) { $summary = $_ }
    [System.Management.Automation.CompletionResult]::new($_, $_, 'ParameterValue', $summary)
  }
}
`;
}
