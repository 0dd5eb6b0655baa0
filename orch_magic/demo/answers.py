"""What the demo's model answers: a few lines about one small experiment.

The experiment is called rag-eval: which way of cutting documents into chunks helps a
question-answering system most. The same prompt always gets the same answer.
"""

from __future__ import annotations

import re

_ANSWERS = (
    (
        {"score", "grade", "judge", "rate"},
        (
            "Score: 4 of 5. The answer names the right passage and quotes it; it "
            "leaves out the date that the question asks for."
        ),
    ),
    (
        {"chunk", "chunks", "chunking", "size", "sizes"},
        (
            "Chunks of 512 tokens with an overlap of 64 did best: recall at 5 was "
            "0.81, against 0.74 for 256 tokens and 0.69 for whole pages."
        ),
    ),
    (
        {"retriever", "retrievers", "bm25", "hybrid", "embedding", "embeddings"},
        (
            "The hybrid retriever won: BM25 finds the names and numbers, the "
            "embeddings find the paraphrases, and each misses what the other finds."
        ),
    ),
    (
        {"fail", "failed", "fails", "failure", "failures", "wrong", "error", "errors"},
        (
            "Most failures are questions that need two documents at once. The first is "
            "found, the second never comes up among the top five."
        ),
    ),
    (
        {"next", "plan", "step", "steps", "should"},
        (
            "Next, ask each question in two hops, and hold the budget per question "
            "constant so that the runs stay comparable."
        ),
    ),
    (
        {"measure", "measures", "metric", "metrics", "experiment", "rag", "eval"},
        (
            "rag-eval measures how often the passage that holds the answer is among "
            "the five that were retrieved, over 120 questions."
        ),
    ),
)

_SUMMARY_WORDS = 12


def answer(prompt: str) -> str:
    """Answer a question about rag-eval; sum up anything else."""
    words = set(re.findall(r"[a-z0-9]+", prompt.lower()))
    for about, text in _ANSWERS:
        if words & about:
            return text
    spoken = prompt.split()
    if not spoken:
        return "Ask me something about rag-eval."
    said = " ".join(spoken[:_SUMMARY_WORDS])
    more = len(spoken) - _SUMMARY_WORDS
    rest = f" … and {more} more words" if more > 0 else ""
    return f"In short, you say: {said}{rest}. I only know about rag-eval, so ask on."
