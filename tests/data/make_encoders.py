#!/usr/bin/env python3
"""Makes the two small encoders beside this file, with random weights, and what a reference implementation computes
with them:

    python3 -m venv ENV && ENV/bin/pip install transformers==4.46.3 jax flax safetensors sentencepiece protobuf
    ENV/bin/python tests/data/make_encoders.py

`encoders/bert` has BERT's tokenizer, mean pooling and weights in single precision, `encoders/unigram` that of
multilingual models, cls pooling, other places for positions, a name before each tensor and weights in half precision.
"""
import io
import json
from pathlib import Path

import jax
import numpy as np
import sentencepiece
from safetensors.numpy import save_file
from transformers import AutoTokenizer, BertConfig, FlaxBertModel, FlaxXLMRobertaModel, XLMRobertaConfig
from transformers import XLMRobertaTokenizer
from transformers.convert_slow_tokenizer import convert_slow_tokenizer

jax.config.update("jax_default_matmul_precision", "highest")
HERE = Path(__file__).parent / "encoders"
TEXTS = [
    "Where is the port set?",
    "the port, the PORT: port!",
    "Café naïve ÅNGSTRÖM 한국",
    "북경 北京 설정 포트",
    "ﬁle ﬀ １２３ Ⅳ half-width ｶﾅ",
    "a",
    "no port " * 30,
    "tab\tand\nline \u200b soft\u00adhyphen",
    "포트는 어디에서 설정하나요?",
    "unknownish zzz ☃ ☃☃ qqq",
]
PIECES = (
    "[PAD] [UNK] [CLS] [SEP] the port set where is ? , ! : a no file caf ##e ##s na ##ive ang ##st ##ro ##m - "
    "half width tab and line soft ##hy ##ph ##en 北 京 ##n ##o ##w unk 1 2 3 ##2 ##3"
).split()
CORPUS = ["where is the port set", "the port is in the file", "포트는 어디에서 설정하나요", "설정 파일에 포트를 적으세요",
          "no port in this file", "a file of half width letters", "북경 설정", "café naïve"] * 20


def weights(size, wide, layers, pieces, places, kinds, dtype):
    random = np.random.default_rng(7)
    made = {}

    def tensor(name, *shape, middle=0.0):
        made[name] = (middle + random.normal(0, 0.4, shape)).astype(dtype)

    def linear(name, inputs, outputs):
        tensor(f"{name}.weight", outputs, inputs)
        tensor(f"{name}.bias", outputs)

    def norm(name):
        tensor(f"{name}.weight", size, middle=1.0)
        tensor(f"{name}.bias", size)

    for name, count in [("word", pieces), ("position", places), ("token_type", kinds)]:
        tensor(f"embeddings.{name}_embeddings.weight", count, size)
    norm("embeddings.LayerNorm")
    for layer in range(layers):
        name = f"encoder.layer.{layer}"
        for part in ["query", "key", "value"]:
            linear(f"{name}.attention.self.{part}", size, size)
        linear(f"{name}.attention.output.dense", size, size)
        norm(f"{name}.attention.output.LayerNorm")
        linear(f"{name}.intermediate.dense", size, wide)
        linear(f"{name}.output.dense", wide, size)
        norm(f"{name}.output.LayerNorm")
    return made


def write(folder, config, tokenizer, tensors, prefix, pooling, longest, model_class):
    folder.mkdir(parents=True, exist_ok=True)
    (folder / "1_Pooling").mkdir(exist_ok=True)

    def put(name, value):
        (folder / name).write_text(json.dumps(value, ensure_ascii=False, indent=1) + "\n")

    put("config.json", config)
    put("tokenizer.json", tokenizer)
    put("modules.json", [
        {"idx": 0, "name": "0", "path": "", "type": "sentence_transformers.models.Transformer"},
        {"idx": 1, "name": "1", "path": "1_Pooling", "type": "sentence_transformers.models.Pooling"},
    ])
    put("1_Pooling/config.json", {
        "word_embedding_dimension": config["hidden_size"],
        "pooling_mode_mean_tokens": pooling == "mean",
        "pooling_mode_cls_token": pooling == "cls",
        "pooling_mode_max_tokens": False,
    })
    put("sentence_bert_config.json", {"max_seq_length": longest, "do_lower_case": False})
    # The reference knows no names before those of tensors.
    plain = {name: tensor.astype(np.float32) for name, tensor in tensors.items()}
    save_file(plain, folder / "model.safetensors", metadata={"format": "pt"})
    reader = AutoTokenizer.from_pretrained(folder)
    model = model_class.from_pretrained(folder)
    rows = []
    for text in TEXTS:
        read = reader(text, truncation=True, max_length=longest, return_tensors="np")
        pieces = read["input_ids"]
        states = np.asarray(model(input_ids=pieces, attention_mask=read["attention_mask"]).last_hidden_state)[0]
        vector = states[0] if pooling == "cls" else states.mean(0)
        vector = vector / np.linalg.norm(vector)
        rows.append({"text": text, "pieces": pieces[0].tolist(), "vector": [round(float(one), 6) for one in vector]})
    lines = (json.dumps(row, ensure_ascii=False) + "\n" for row in rows)
    (folder / "reference.jsonl").write_text("".join(lines))
    tensors = {prefix + name: tensor for name, tensor in tensors.items()}
    save_file(tensors, folder / "model.safetensors", metadata={"format": "pt"})
    (folder / "model.safetensors").chmod(0o644)


def bert():
    config = BertConfig(vocab_size=len(PIECES), hidden_size=16, num_hidden_layers=2, num_attention_heads=2,
                        intermediate_size=24, max_position_embeddings=40, type_vocab_size=2)
    config = {"architectures": ["BertModel"], **config.to_diff_dict(), "model_type": "bert", "hidden_act": "gelu",
              "layer_norm_eps": 1e-12, "type_vocab_size": 2, "pad_token_id": 0}
    tokenizer = {
        "version": "1.0", "truncation": None, "padding": None,
        "added_tokens": [{"id": number, "special": True, "content": PIECES[number], "single_word": False,
                          "lstrip": False, "rstrip": False, "normalized": False} for number in range(4)],
        "normalizer": {"type": "BertNormalizer", "clean_text": True, "handle_chinese_chars": True,
                       "strip_accents": None, "lowercase": True},
        "pre_tokenizer": {"type": "BertPreTokenizer"},
        "post_processor": {
            "type": "TemplateProcessing",
            "single": [{"SpecialToken": {"id": "[CLS]", "type_id": 0}}, {"Sequence": {"id": "A", "type_id": 0}},
                       {"SpecialToken": {"id": "[SEP]", "type_id": 0}}],
            "pair": [],
            "special_tokens": {name: {"id": name, "ids": [number], "tokens": [name]}
                               for name, number in [("[CLS]", 2), ("[SEP]", 3)]},
        },
        "decoder": {"type": "WordPiece", "prefix": "##", "cleanup": True},
        "model": {"type": "WordPiece", "unk_token": "[UNK]", "continuing_subword_prefix": "##",
                  "max_input_chars_per_word": 100, "vocab": {piece: number for number, piece in enumerate(PIECES)}},
    }
    tensors = weights(16, 24, 2, len(PIECES), 40, 2, np.float32)
    write(HERE / "bert", config, tokenizer, tensors, "", "mean", 24, FlaxBertModel)


def unigram():
    folder = HERE / "unigram"
    folder.mkdir(parents=True, exist_ok=True)
    rules = folder / "rules.tsv"
    # What a few letters become: code points, then code points.
    rules.write_text("".join(f"{ord(letter):X}\t{' '.join(f'{ord(one):X}' for one in plain)}\n" for letter, plain in
                             [("ﬁ", "fi"), ("ﬀ", "ff"), ("１", "1"), ("２", "2"), ("３", "3"), ("Ⅳ", "IV"),
                              ("ｶ", "カ"), ("\t", " "), ("\n", " ")]) + "65 301\tE9\n")
    made = io.BytesIO()
    sentencepiece.SentencePieceTrainer.train(
        sentence_iterator=iter(CORPUS), model_writer=made, vocab_size=90, hard_vocab_limit=False,
        normalization_rule_tsv=str(rules), character_coverage=0.999)
    (folder / "sentencepiece.bpe.model").write_bytes(made.getvalue())
    slow = XLMRobertaTokenizer(str(folder / "sentencepiece.bpe.model"))
    fast = json.loads(convert_slow_tokenizer(slow).to_str())
    for left in ["rules.tsv", "sentencepiece.bpe.model"]:
        (folder / left).unlink()
    pieces = len(fast["model"]["vocab"])
    config = XLMRobertaConfig(vocab_size=pieces, hidden_size=16, num_hidden_layers=1, num_attention_heads=4,
                              intermediate_size=24, max_position_embeddings=40, type_vocab_size=1)
    config = {"architectures": ["XLMRobertaModel"], **config.to_diff_dict(), "model_type": "xlm-roberta",
              "hidden_act": "gelu", "layer_norm_eps": 1e-5, "type_vocab_size": 1, "pad_token_id": 1}
    tensors = weights(16, 24, 1, pieces, 40, 1, np.float16)
    write(folder, config, fast, tensors, "roberta.", "cls", 24, FlaxXLMRobertaModel)


if __name__ == "__main__":
    bert()
    unigram()
