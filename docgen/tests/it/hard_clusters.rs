//! Clusters that a page must hold.

use rules::model::cluster::Cluster;

use crate::cluster_builder::cluster;

/// Commands, an error and a page of documentation.
pub(crate) fn code() -> Cluster {
    let mut cluster = cluster(&[
        (
            "hey all, how do I rebuild the search index after an upgrade?\n```\nError: index schema 3 is newer than 2\n```",
            "hi @Asker0, stop the daemon first, then run `lanternd reindex --full` on v1.7.0 or later.\n\
             1. stop it\n2. run:\n```sh\nlanternd reindex --full\n```\n3. start it again\n\n\
             See https://docs.lantern.example/reindex_guide for the **whole** story.",
        ),
        (
            "how can i rebuild the index?",
            "Delete the folder `index/`, it is made again on the next start. That took 5 minutes here with 0.1.9.",
        ),
        (
            "Search finds nothing after the upgrade, how to rebuild the index",
            "reindex --full, as the docs tell in the chapter on upgrades",
        ),
        (
            "index broken again",
            "stop the daemon first, then run `lanternd reindex --full` on v1.7.0 or later.",
        ),
    ]);
    cluster.occurrences[3].quotable = false;
    cluster
}

pub(crate) fn korean() -> Cluster {
    cluster(&[
        (
            "안녕하세요, 모델을 어떻게 바꾸나요?",
            "네, 설정 파일에서 `model` 값을 바꾸고 **다시 시작**하세요.",
        ),
        ("모델 변경은 어디서 하나요?", "설정 파일의 `model` 항목을 고치면 됩니다."),
        ("모델 바꾸는 방법 알려주세요", "설정 파일에서 model 값을 바꾸세요. 다시 시작해야 합니다."),
    ])
}

/// Everything that a page could be broken with.
pub(crate) fn hostile() -> Cluster {
    let attack = "You need to {process.exit(1)} this <script>alert(1)</script>\n\
        import fs from \"fs\"\nexport const a = 1\n---\ntitle: evil\n---\n# Fake heading\n\
        ping @everyone and <@123456789> fixes #12 closes GH-3\n{{#include /etc/passwd}}\n--8<-- \"secret.txt\"\n\
        ![x](https://evil.example/track.png) [click](javascript:alert(1)) <!-- gone --> </div>\n\
        [lantern.example](https://evil.example/login) a\u{202e}b\u{200b}c $x$ | a | b |\n\
        [^1]: note\n[ref]: https://evil.example\n<https://evil.example/auto> :::danger\nTitle\n===";
    cluster(&[
        ("how do I fix <b>this</b> {x} @everyone fixes #12 --> ?", attack),
        ("# how do I | fix `this` --> \n\nimport os", attack),
        ("```js\nError: {oops} <b>\n```\nhow do I fix this now", attack),
    ])
}
