//! What maintainers wrote down is one step away wherever somebody asks for it.

use std::io::Write as _;
use std::process::Stdio;

use serde_json::json;

use super::discord_fixture::DiscordFixture;
use crate::sandbox::Sandbox;

const ADDRESS: &str = "0x00000000000000000000000000000000000000aA";
const VERIFY: &str = "https://docs.example.org/token";

impl Sandbox {
    /// What a coding agent gets for a fact.
    fn fact_of_agent(&self, question: &str) -> String {
        let mut command = self.command(&["mcp"]);
        command.stdin(Stdio::piped()).stdout(Stdio::piped()).stderr(Stdio::null());
        let mut agent = command.spawn().unwrap();
        let call = json!({ "jsonrpc": "2.0", "id": 1, "method": "tools/call",
            "params": { "name": "get_fact", "arguments": { "query": question } } });
        writeln!(agent.stdin.take().unwrap(), "{call}").unwrap();
        let output = agent.wait_with_output().unwrap();
        assert!(output.status.success());
        String::from_utf8(output.stdout).unwrap()
    }
}

#[test]
fn a_fact_is_one_step_away_through_every_door() {
    let fixture = DiscordFixture::new();
    let sandbox = Sandbox::new();
    sandbox.point_at(&fixture.discord, "");
    let facts = format!(
        "[[fact]]\nkey = 'token-address'\nkind = 'address'\nvalue = '{ADDRESS}'\nverify_at = '{VERIFY}'\n\
         aliases = ['contract address']\n"
    );
    sandbox.write("data/rules/facts.toml", &facts);
    let mut daemon = sandbox.start();
    fixture.at_hand(&mut daemon);
    let question = "what is the contract address";
    let asked = [("name", json!(question))];
    let asked = fixture.discord.slash(fixture.asker, fixture.help, "fact", &asked);
    let said = [
        ("Discord", fixture.discord.reply(asked).text),
        ("search box", sandbox.get("/?q=what+is+the+contract+address")),
        ("API", sandbox.get("/api/v1/facts?q=contract+address")),
        ("coding agent", sandbox.fact_of_agent(question)),
        ("command line", sandbox.stdout_of(&["facts", "contract", "address"])),
    ];
    for (door, text) in said {
        for part in [ADDRESS, VERIFY] {
            assert!(text.contains(part), "{door}: {part} is not in {text}");
        }
    }
    daemon.stop();
    fixture.discord.assert_no_surprises();
}
