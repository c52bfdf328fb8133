//! Languages of fences that every generator only colours.

/// The language as it is written behind a fence; `None` if it is unknown, and so may be run.
pub(crate) fn code_language(word: &str) -> Option<&'static str> {
    let word = word.to_ascii_lowercase();
    LANGUAGES
        .iter()
        .find(|(known, names)| *known == word || names.contains(&word.as_str()))
        .map(|(known, _)| *known)
}

/// Each language with its other names.
const LANGUAGES: [(&str, &[&str]); 62] = [
    ("bash", &[]),
    ("batch", &["bat", "cmd"]),
    ("c", &["h"]),
    ("cmake", &[]),
    ("console", &["shell-session"]),
    ("cpp", &["c++", "cc", "hpp"]),
    ("csharp", &["c#", "cs"]),
    ("css", &[]),
    ("csv", &[]),
    ("dart", &[]),
    ("diff", &["patch"]),
    ("dockerfile", &["docker"]),
    ("elixir", &["ex", "exs"]),
    ("env", &["dotenv"]),
    ("erlang", &["erl"]),
    ("fish", &[]),
    ("go", &["golang"]),
    ("graphql", &["gql"]),
    ("groovy", &["gradle"]),
    ("haskell", &["hs"]),
    ("hcl", &["terraform", "tf"]),
    ("html", &["htm"]),
    ("http", &[]),
    ("ini", &["cfg", "conf", "properties"]),
    ("java", &[]),
    ("javascript", &[]),
    ("js", &["cjs", "mjs"]),
    ("json", &["json5", "jsonc"]),
    ("jsx", &[]),
    ("julia", &["jl"]),
    ("kotlin", &["kt", "kts"]),
    ("less", &[]),
    ("log", &[]),
    ("lua", &[]),
    ("make", &["makefile"]),
    ("md", &["markdown"]),
    ("move", &[]),
    ("nginx", &[]),
    ("nix", &[]),
    ("objectivec", &["objc"]),
    ("ocaml", &["ml"]),
    ("perl", &["pl"]),
    ("php", &[]),
    ("powershell", &["ps1", "pwsh"]),
    ("protobuf", &["proto"]),
    ("python", &["py", "python3"]),
    ("r", &[]),
    ("ruby", &["rb"]),
    ("rust", &["rs"]),
    ("scala", &[]),
    ("scss", &["sass"]),
    ("sh", &["shell", "zsh"]),
    ("solidity", &["sol"]),
    ("sql", &["mysql", "postgres", "postgresql", "sqlite"]),
    ("swift", &[]),
    ("text", &["plain", "plaintext", "txt"]),
    ("toml", &[]),
    ("ts", &["typescript"]),
    ("tsx", &[]),
    ("vue", &["svelte"]),
    ("xml", &["svg"]),
    ("yaml", &["yml"]),
];

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_name_is_of_one_language() {
        let names = LANGUAGES.iter().flat_map(|(known, names)| names.iter().chain([known]));
        let mut names = names.collect::<Vec<_>>();
        names.sort();
        let all = names.len();
        names.dedup();
        assert_eq!(names.len(), all);
        assert_eq!(code_language("YML"), Some("yaml"));
    }
}
