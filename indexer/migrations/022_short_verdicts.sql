-- What the store holds most of is written shorter: reasons of verdicts as codes and once, messages by their distance
-- from the question, parents of messages by their place.

CREATE TEMP TABLE reason_codes (words TEXT PRIMARY KEY, code INTEGER NOT NULL) WITHOUT ROWID;
INSERT INTO reason_codes VALUES
    ('ends with a question mark', 0),
    ('holds a question mark', 1),
    ('opens with a question word', 2),
    ('says that it seeks help', 3),
    ('tells of a problem', 4),
    ('its author starts the conversation', 5),
    ('its author starts the thread', 6),
    ('its author spoke before without asking', 7),
    ('speaks to somebody who spoke before', 8),
    ('asks back, as those do who help', 9),
    ('announces', 10),
    ('thanks', 11),
    ('is very short', 12),
    ('says nothing yet', 13),
    ('is a command to a bot', 14),
    ('is small talk', 15),
    ('it is the first message that could answer', 16),
    ('it is not the first message that could answer', 17),
    ('it ends with a question mark', 18),
    ('it asks back', 19),
    ('it shares words with the question', 20),
    ('the asker thanks next', 21),
    ('it says what to do', 22),
    ('its author wrote most of what could answer', 23),
    ('it holds a link or code', 24),
    ('it speaks to the asker', 25),
    ('it speaks to somebody else', 26),
    ('it sends the asker elsewhere', 27),
    ('its author does not know, or asks along', 28),
    ('it is very short', 29),
    ('it is long', 30),
    ('it comes after the asker was content', 31),
    ('it comes right before the asker was content', 32),
    ('it is a courtesy', 33),
    ('it is the asker''s own finding', 34),
    ('its author is trusted', 35),
    ('it says yes or no', 36),
    ('the asker says next that it fails', 37),
    ('the asker fails after it, and is content only later', 38),
    ('a reaction accepts it', 39),
    ('a reaction refuses it', 40),
    ('the asker says that it worked', 41),
    ('the asker thanks for it', 42),
    ('the asker points at it', 43),
    ('it is spread over several messages', 44),
    ('it puts off an answer', 45),
    ('it insults', 46),
    ('it corrects another answer', 47),
    ('it is a question, a courtesy or sends the asker elsewhere', 48),
    ('the asker''s words are about this very message', 49),
    ('it comes before the asker is content for the first time', 50),
    ('the asker says next that it was understood', 51),
    ('the asker shows what solved it', 52),
    ('most questions stay open', 53),
    ('somebody marked the answer', 54),
    ('the post is tagged as solved', 55),
    ('the asker thanks at the end', 56),
    ('the asker still tries, or then fails', 57),
    ('the asker''s last message tells of failure', 58),
    ('the asker fails near the end', 59),
    ('the asker''s last message asks', 60),
    ('the asker does not come back', 61),
    ('a problem was described, and the asker does not come back', 62),
    ('the asker comes back many times', 63),
    ('the asker is content with another message', 64),
    ('it is a problem, not a question of fact', 65),
    ('it asks clearly', 66),
    ('another helper says the same', 67),
    ('somebody refuses an answer', 68),
    ('several people help', 69),
    ('the asker asks on after being content', 70),
    ('the asker fails after being content', 71),
    ('the asker only promises to try it', 72),
    ('the asker says more after being content', 73),
    ('others go on helping after the asker was content', 74),
    ('much was said between the answer and the asker''s words about it', 75),
    ('the asker''s words could be about other answers too', 76),
    ('the asker had to explain much before it', 77),
    ('the asker''s last message denies or contrasts something', 78),
    ('the asker thanks somebody after it', 79),
    ('the asker says next that it was done or understood', 80),
    ('the asker leaves with thanks or an ok', 81),
    ('the answer holds a question', 82),
    ('the asker speaks for more than one answer', 83),
    ('somebody closed the thread after it', 84),
    ('nobody says anything that could be judged', 85),
    ('no message asks clearly enough', 86),
    ('it comes before the marked answer', 87),
    ('no message answers', 88),
    ('the best message asks back, jokes or sends elsewhere', 89),
    ('the asker says that it is no question', 90);

-- What a resolution and its occurrence have in common stays with the occurrence.
UPDATE exchanges SET verdict = json_patch('{}', json_object('r',
        json(NULLIF((SELECT json_group_array(json(reasons) ORDER BY place) FROM (
            SELECT MIN(key) AS place, json_array(CAST(message AS INTEGER) - 0,
                json_group_array(json_array(COALESCE(code, what), json(weight)) ORDER BY key)) AS reasons
            FROM (SELECT key, value ->> '$.what' AS what, value -> '$.weight' AS weight,
                value ->> '$.message' AS message FROM json_each(verdict, '$.reasons'))
            LEFT JOIN reason_codes ON words = what GROUP BY message)), '[]'))))
    WHERE json_valid(verdict) AND verdict ->> '$.verdict' = 'not-a-question';
UPDATE exchanges SET verdict = (SELECT json_patch('{}', json_object(
        'q', (SELECT json_group_array(CAST(value AS INTEGER) - CASE key WHEN 0 THEN 0 ELSE first END ORDER BY key)
            FROM json_each(verdict, '$.question.messages')),
        'u', CAST(verdict ->> '$.question.asker' AS INTEGER),
        't', verdict -> '$.question.asked',
        'w', json(NULLIF((SELECT json_group_array(json(reasons) ORDER BY place) FROM (
            SELECT MIN(key) AS place, json_array(CAST(message AS INTEGER) - first,
                json_group_array(json_array(COALESCE(code, what), json(weight)) ORDER BY key)) AS reasons
            FROM (SELECT key, value ->> '$.what' AS what, value -> '$.weight' AS weight,
                value ->> '$.message' AS message FROM json_each(verdict, '$.question.reasons'))
            LEFT JOIN reason_codes ON words = what GROUP BY message)), '[]')),
        'a', json(NULLIF((SELECT json_group_array(json_array(
                CAST(answer.value ->> '$.message' AS INTEGER) - first,
                json((SELECT json_group_array(CAST(value AS INTEGER) - first ORDER BY key)
                    FROM json_each(answer.value, '$.messages'))),
                CAST(answer.value ->> '$.author' AS INTEGER), answer.value -> '$.score') ORDER BY answer.key)
            FROM json_each(verdict, '$.answers') AS answer), '[]')),
        'g', verdict -> '$.grade',
        'r', CASE verdict ->> '$.verdict' WHEN 'open' THEN
            json(NULLIF((SELECT json_group_array(json(reasons) ORDER BY place) FROM (
            SELECT MIN(key) AS place, json_array(CAST(message AS INTEGER) - first,
                json_group_array(json_array(COALESCE(code, what), json(weight)) ORDER BY key)) AS reasons
            FROM (SELECT key, value ->> '$.what' AS what, value -> '$.weight' AS weight,
                value ->> '$.message' AS message FROM json_each(verdict, '$.reasons'))
            LEFT JOIN reason_codes ON words = what GROUP BY message)), '[]')) END))
    FROM (SELECT CAST(verdict ->> '$.question.messages[0]' AS INTEGER) AS first))
    WHERE json_valid(verdict) AND verdict ->> '$.verdict' IN ('open', 'resolved');

DROP TRIGGER vectors_of_edited;
UPDATE occurrences SET body = (SELECT json_patch('{}', json_object(
        'c', NULLIF(CAST(body ->> '$.conversation' AS INTEGER) - first, 0),
        'g', CAST(body ->> '$.guild' AS INTEGER),
        'h', CAST(body ->> '$.channel' AS INTEGER),
        'n', body -> '$.channel_name',
        'q', json_array(first, CAST(body ->> '$.question.author' AS INTEGER), body -> '$.question.author_name',
            body -> '$.question.text', body -> '$.question.sent', COALESCE(body ->> '$.question.trusted', 0)
            + 2 * COALESCE(body ->> '$.question.has_attachment', 0)),
        'a', (SELECT json_group_array(json_array(CAST(value ->> '$.message' AS INTEGER) - first,
                CAST(value ->> '$.author' AS INTEGER), value -> '$.author_name', value -> '$.text', value -> '$.sent',
                COALESCE(value ->> '$.trusted', 0) + 2 * COALESCE(value ->> '$.has_attachment', 0)) ORDER BY key)
            FROM json_each(body, '$.answers')),
        'd', body -> '$.grade',
        'p', body -> '$.confidence',
        's', json(NULLIF((SELECT json_group_array(json_array(value -> '$.kind',
                CAST(value ->> '$.message' AS INTEGER) - first, CAST(value ->> '$.by' AS INTEGER)) ORDER BY key)
            FROM json_each(body, '$.signals')), '[]')),
        'r', json(NULLIF((SELECT json_group_array(json(reasons) ORDER BY place) FROM (
            SELECT MIN(key) AS place, json_array(CAST(message AS INTEGER) - first,
                json_group_array(json_array(COALESCE(code, what), json(weight)) ORDER BY key)) AS reasons
            FROM (SELECT key, value ->> '$.what' AS what, value -> '$.weight' AS weight,
                value ->> '$.message' AS message FROM json_each(body, '$.reasons'))
            LEFT JOIN reason_codes ON words = what GROUP BY message)), '[]')),
        'k', CASE WHEN body ->> '$.quotable' THEN json('true') END,
        'e', json(NULLIF(body -> '$.people', '[]')),
        'w', json(NULLIF((SELECT json_group_array(CAST(value AS INTEGER) ORDER BY key)
            FROM json_each(body, '$.newcomers')), '[]'))))
    FROM (SELECT CAST(body ->> '$.question.message' AS INTEGER) AS first))
    WHERE json_valid(body) AND body ->> '$.question.message' IS NOT NULL;
CREATE TRIGGER vectors_of_edited AFTER UPDATE OF body ON occurrences
WHEN OLD.body ->> '$.q[3]' IS NOT NEW.body ->> '$.q[3]' OR OLD.body -> '$.a' IS NOT NEW.body -> '$.a'
BEGIN
    DELETE FROM text_embeddings WHERE first IN (SELECT asked_texts.first FROM question_texts
        JOIN asked_texts ON asked_texts.digest = question_texts.digest
        WHERE question_texts.question = OLD.question);
    UPDATE asked_texts SET encoded = 0 WHERE encoded <> 0
        AND digest IN (SELECT digest FROM question_texts WHERE question = OLD.question);
END;
DROP TABLE reason_codes;

CREATE TEMP TABLE cue_letters (word TEXT PRIMARY KEY, letter TEXT NOT NULL) WITHOUT ROWID;
INSERT INTO cue_letters VALUES
    ('reply', 'r'), ('thread', 't'), ('names', 'n'), ('named-by', 'b'), ('partners', 'p'), ('own-talk', 'o'), ('shared-words', 'w'),
    ('answers-question', 'q'), ('next-to', 'x'), ('soon-after', 's'), ('first-words', 'f'), ('asks-anew', 'a'), ('names-nobody-here', 'h'), ('after-silence', 'l'), ('nothing-near', 'e');
UPDATE conversations SET links = (WITH rows (place, message, parent, cues) AS MATERIALIZED
        (SELECT key, value ->> 0, value ->> 1, value -> 2 FROM json_each(links))
    SELECT json_group_array(json_array(own.message, COALESCE(above.place - own.place, own.parent),
        COALESCE((SELECT group_concat(letter, '' ORDER BY key) FROM json_each(own.cues) JOIN cue_letters ON word = value), ''))
        ORDER BY own.place)
    FROM rows AS own LEFT JOIN rows AS above ON above.message = own.parent AND above.place < own.place)
    WHERE json_valid(links) AND links LIKE '[[%]]]';
DROP TABLE cue_letters;
