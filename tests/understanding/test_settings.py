"""What and how much: each setting read from people's own sentences, in several languages."""

from __future__ import annotations

import pytest

from agent.understanding import read_instruction


@pytest.mark.parametrize(
    ("text", "wanted"),
    [
        ('SFT qwen3-8b on tea-faq, stop when validation loss drops below 1.1', ('validation_loss', 1.1)),
        ("Classify mails in mail-set with qwen3-8b. 93% accuracy or it's useless.", ('accuracy', 0.93)),
        ('Classify mails in mail-set with qwen3-8b. I need it right 9 out of 10 times.', ('accuracy', 0.9)),
        ('Classify mails in mail-set with qwen3-8b. Our interns are right 88% of the time.', None),
        ('Classify mails in mail-set with qwen3-8b. GPT-4o-mini manages 91% accuracy; beat that.', None),
        ("Classify mails in mail-set with qwen3-8b. Vendor X claims 97% accuracy. We'd be happy with 90.", ('accuracy', 0.9)),
        ('DPO qwen3-8b on tea-prefs until it wins 70% of duels', ('win_rate', 0.7)),
        ('DPO qwen3-8b on tea-prefs; win rate > 0.6 please', ('win_rate', 0.6)),
        ('RFT qwen3-8b on sums, evaluator sum-check. The base scores 0.31. Target 0.6.', ('score', 0.6)),
        ('RFT qwen3-8b on sums, evaluator sum-check, mean reward of at least 0.75', ('score', 0.75)),
        ('RFT qwen3-8b on sums, evaluator sum-check. Last run reached a score of 0.5.', None),
        ('Klassifikation auf mail-set mit qwen3-8b, Trefferquote mindestens 92 %.', ('accuracy', 0.92)),
        ("Classification sur mail-set avec qwen3-8b ; objectif : 95 % d'exactitude.", ('accuracy', 0.95)),
        ('Clasificación en mail-set con qwen3-8b; la exactitud debe llegar al 90%.', ('accuracy', 0.9)),
        ('用 mail-set 做分类，模型 qwen3-8b，准确率要达到 95%。', ('accuracy', 0.95)),
        ('Classify mails in mail-set with qwen3-8b, hold out 20%, aim for ninety percent accuracy', ('accuracy', 0.9)),
        ('SFT qwen3-8b on tea-faq. 12% of the rows are Dutch.', None),
        ('DPO qwen3-8b on tea-prefs. It should beat the untuned model in at least 65% of cases.', ('win_rate', 0.65)),
        ("SFT qwen3-8b on tea-faq. Use val loss. Last time 1.4, I'd like to see 1.2 now.", ('validation_loss', 1.2)),
        ('Classify mails in mail-set with qwen3-8b. Accuracy today is 80%, the goal is 90%.', ('accuracy', 0.9)),
        ('Classify mails in mail-set with qwen3-8b. Target accuracy: 0.94', ('accuracy', 0.94)),
        ('Classify mails in mail-set with qwen3-8b. No specific target.', None),
        ('Classify mails in mail-set with qwen3-8b. goal was 90% but my boss says 85% is enough', ('accuracy', 0.85)),
    ],
)  # fmt: skip
def test_target(text: str, wanted: object) -> None:
    goal = read_instruction(text).request.target
    assert (goal and (goal.metric, goal.value)) == wanted


@pytest.mark.parametrize(
    ("text", "wanted"),
    [
        ('RFT qwen3-8b on sums. You write the scorer please.', 'generated'),
        ('RFT qwen3-8b on sums. 1 point if the number is right, 0 otherwise.', 'generated'),
        ('RFT qwen3-8b on sums. Come up with a reward that checks the JSON.', 'generated'),
        ('RFT qwen3-8b on sums. Score with evaluator sum-check.', 'evaluator'),
        ('SFT qwen3-8b on tea-faq. Compare candidates by loss on the validation split.', 'validation_loss'),
        ('SFT qwen3-8b on tea-faq. An LLM judge should prefer short, polite answers.', 'rubric'),
        ('SFT qwen3-8b on tea-faq. Have an LLM grade the outputs, criteria: polite, short, no invented prices.', 'rubric'),
        ('DPO qwen3-8b on tea-prefs. Rubric for the judge: correct facts first, then tone.', 'rubric'),
        ("RFT qwen3-8b on sums. We don't know yet how to score.", None),
        ("RFT qwen3-8b on sums. I haven't got a grader, could you build one?", 'generated'),
        ('RFT qwen3-8b on sums; reward = exact match with the answer column', 'generated'),
        ('SFT qwen3-8b on tea-faq, no custom scorer needed, validation loss will do', 'validation_loss'),
        ('RFT mit qwen3-8b auf sums. Die Bewertungsfunktion schreibst du bitte selbst.', 'generated'),
        ('RFT avec qwen3-8b sur sums. Écrivez vous-même la fonction de récompense.', 'generated'),
        ('用 sums 做强化微调，模型 qwen3-8b，奖励函数请你来写。', 'generated'),
        ('SFT qwen3-8b on tea-faq. We have a test set but no opinion on scoring.', None),
        ('SFT qwen3-8b on tea-faq. Let a language model judge the answers by these criteria: friendly, correct.', 'rubric'),
        ('SFT qwen3-8b on tea-faq. Grade with our evaluator accounts/me/evaluators/tone-check.', 'evaluator'),
    ],
)  # fmt: skip
def test_evaluation(text: str, wanted: object) -> None:
    assert read_instruction(text).request.evaluation == wanted


@pytest.mark.parametrize(
    ("text", "wanted"),
    [
        ('route incoming tickets to the right team, data in tickets-9, qwen3-8b', 'classification'),
        ('triage model for patient mails, dataset triage-set, gemma 4 31b', 'classification'),
        ('auto-tag our blog posts, blog-tags, qwen3 8b', 'classification'),
        ('train qwen3-8b so that it learns from which of two replies customers liked better, data reply-choices', 'preference'),
        ('qwen3-8b on reply-choices, chosen vs rejected', 'preference'),
        ('qwen3-8b gets points when the test passes, prompts in code-prompts', 'rft'),
        ('use verifiable answers to improve qwen3-8b on math-prompts', 'rft'),
        ('write me a grader for tea-faq, we train later', 'evaluator'),
        ('I only need a scoring script for tea-faq. No training.', 'evaluator'),
        ('what does DPO cost on 5k pairs?', 'question'),
        ('Is classification possible with fewer than 500 rows? Just asking.', 'question'),
        ('delete accounts/me/models/old-one', 'unsupported'),
        ('full fine-tuning of all weights of qwen3-8b on tea-faq', 'unsupported'),
        ('train a whisper model on our recordings', 'unsupported'),
        ('raise my spending limit to $500', 'unsupported'),
        ('let kimi k2.6 solve hotpotqa with react and teach qwen3-8b from it', 'trajectories'),
        ('Clone our agent into llama 3.2 3b: teacher kimi k2.6, tools and all, tasks strategyqa', 'trajectories'),
        ('tune llama 3.1 8b on recipes', 'sft'),
        ('continue with supervised training of qwen3-8b on recipes please', 'sft'),
        ('Which models can I fine-tune? And how long does that take?', 'question'),
        ('Könnt ihr mir sagen, was ein DPO-Lauf mit 10k Paaren kostet? Bitte noch nichts starten.', 'question'),
        ('Quiero saber si aceptáis datos en CSV. Nada más.', 'question'),
        ('我只想问一下，微调一个 8B 模型要多少钱？', 'question'),
        ('Please merge my two LoRA adapters into one model.', 'unsupported'),
        ('spam or ham? dataset sms-spam, llama 3.2 3b', 'classification'),
        ('rewarded training for qwen3-8b on sql-prompts, evaluator sql-run', 'rft'),
        ('Can you train qwen3-8b on recipes?', 'sft'),
        ('Could you tell me whether qwen3-8b is tunable?', 'question'),
    ],
)  # fmt: skip
def test_workflow(text: str, wanted: object) -> None:
    assert read_instruction(text).request.workflow == wanted


@pytest.mark.parametrize(
    ("text", "wanted"),
    [
        ('Classifier on mails-4 with qwen3-8b. Labels:\n- billing\n- technical issue\n- cancellation\n\nBudget $10.', ['billing', 'technical issue', 'cancellation']),
        ('Classifier on mails-4 with qwen3-8b. The classes:\n1. red\n2. green\n3. blue\nThanks', ['red', 'green', 'blue']),
        ('Classify mails-4 with qwen3-8b into urgent, normal and low priority.', ['urgent', 'normal', 'low priority']),
        ('qwen3-8b, mails-4, classification, labels = [A1, A2, B1]', ['A1', 'A2', 'B1']),
        ('train a classifier (happy/neutral/sad) on mails-4, qwen3-8b', ['happy', 'neutral', 'sad']),
        ('train qwen3-8b on mails-4 to tell spam from ham', []),
        ('Klassifikation mit qwen3-8b auf mails-4. Klassen sind Lob, Kritik und Frage.', ['Lob', 'Kritik', 'Frage']),
        ('Classification de mails-4 avec qwen3-8b, catégories : vente, achat et location.', ['vente', 'achat', 'location']),
        ('Clasificación de mails-4 con qwen3-8b. Las etiquetas son alta, media y baja.', ['alta', 'media', 'baja']),
        ('用 mails-4 训练分类器，模型 qwen3-8b，类别包括：投诉、咨询、表扬。', ['投诉', '咨询', '表扬']),
        ('用 mails-4 训练分类器，模型 qwen3-8b，标签为正面、负面和中性。', ['正面', '负面', '中性']),
        ('Sort tickets in mails-4 by department (sales, support, HR) using qwen3-8b', ['sales', 'support', 'HR']),
        ('Intent detection on mails-4, qwen3-8b. Intents: book_flight, cancel_flight, change_seat. Sorry, change_seat should be select_seat.', ['book_flight', 'cancel_flight', 'select_seat']),
        ('Intent detection on mails-4, qwen3-8b. Intents: book, cancel, other. Drop other.', ['book', 'cancel']),
        ('Intent detection on mails-4, qwen3-8b. Intents: book, cancel. Add a label "refund".', ['book', 'cancel', 'refund']),
        ('Intent detection on mails-4, qwen3-8b, labels book, cancel, refund, 3 epochs, rank 8', ['book', 'cancel', 'refund']),
        ('Intent detection with qwen3-8b: the labels book, cancel and refund are in mails-4', ['book', 'cancel', 'refund']),
        ('Classifier on mails-4 with qwen3-8b, the label is in the column topic', []),
        ('Classifier on mails-4 with qwen3-8b. 12 labels, you find them in the data.', []),
        ("I'd like qwen3-8b to say whether a review is positive, negative or mixed. Data: mails-4", ['positive', 'negative', 'mixed']),
        ('Classification; dataset mails-4; base qwen3-8b; classes: 0, 1, 2', ['0', '1', '2']),
        ('Classification on mails-4 w/ qwen3-8b, label names yes|no|unsure', ['yes', 'no', 'unsure']),
        ("Classifier for mails-4 on qwen3-8b. Use exactly these labels: Bug, Feature request, Question, Won't fix. No deployment.", ['Bug', 'Feature request', 'Question', "Won't fix"]),
        ('Classifier for mails-4 on qwen3-8b. labels: low, mid, high (mid was called medium before)', ['low', 'mid', 'high']),
        ('Classify mails-4 with qwen3-8b. We use four tags — draft, final, void, lost — and nothing else.', ['draft', 'final', 'void', 'lost']),
        ('Spam filter on mails-4, llama 3.2 3b: spam, ham.', ['spam', 'ham']),
        ('emotion classifier mails-4 qwen3-8b joy anger fear', []),
        ('SFT qwen3-8b on tea-faq. Answers should be short, polite and correct.', []),
        ('SFT qwen3-8b on tea-faq, topics: brewing, growing, tasting.', []),
    ],
)  # fmt: skip
def test_labels_as_written(text: str, wanted: object) -> None:
    assert list(read_instruction(text).request.labels) == wanted


@pytest.mark.parametrize(
    ("text", "wanted"),
    [
        ('SFT qwen3-8b on tea-faq for a couple of epochs', []),
        ('SFT qwen3-8b on tea-faq for three epochs', [3]),
        ('SFT qwen3-8b on tea-faq, one pass over the data', [1]),
        ('SFT qwen3-8b on tea-faq, 2-3 epochs', []),
        ('SFT qwen3-8b on tea-faq, try 1, 2 and 4 epochs', [1, 2, 4]),
        ('SFT qwen3-8b on tea-faq. We used 6 epochs last time, half of that now.', []),
        ('SFT qwen3-8b on tea-faq. 6 epochs was too many in spring; 2 this time.', [2]),
        ('SFT qwen3-8b on tea-faq. epochs: 4. EDIT: epochs: 3', [3]),
        ('SFT qwen3-8b on tea-faq. Not five epochs, two.', [2]),
        ('SFT qwen3-8b auf tea-faq, zwei Epochen statt drei', [2]),
        ('SFT de qwen3-8b sur tea-faq, deux époques', [2]),
        ('SFT qwen3-8b con tea-faq durante tres épocas', [3]),
        ('用 tea-faq 微调 qwen3-8b，训练三轮', [3]),
        ('SFT qwen3-8b on tea-faq, num_epochs=2', [2]),
        ('SFT qwen3-8b on tea-faq, 3x over the data', []),
        ('SFT qwen3-8b on tea-faq, lr 1e-4 for 2 epochs, 4 jobs in parallel', [2]),
        ('SFT qwen3-8b on tea-faq, 2 epochs rather than the usual 3', [2]),
        ("SFT qwen3-8b on tea-faq. My colleague swears by 5 epochs but I'd do 2.", [2]),
        ('SFT qwen3-8b on tea-faq. save a checkpoint every 2 epochs', []),
    ],
)  # fmt: skip
def test_epochs(text: str, wanted: object) -> None:
    assert list(read_instruction(text).request.epochs) == wanted


@pytest.mark.parametrize(
    ("text", "wanted"),
    [
        ('SFT qwen3-8b on tea-faq r=16', [16]),
        ('SFT qwen3-8b on tea-faq, LoRA 32', [32]),
        ('SFT qwen3-8b on tea-faq, rank 8 or 16, try both', [8, 16]),
        ('SFT qwen3-8b on tea-faq, ranks eight, sixteen and thirty-two', [8, 16, 32]),
        ('SFT qwen3-8b on tea-faq, rank 16, alpha 32', [16]),
        ('SFT qwen3-8b on tea-faq with a rank-64 adapter', [64]),
        ('SFT qwen3-8b auf tea-faq, LoRA-Rang 16 und 32', [16, 32]),
        ('SFT qwen3-8b on tea-faq. rank 64 ran out of memory, so use 16', [16]),
    ],
)  # fmt: skip
def test_lora_ranks(text: str, wanted: object) -> None:
    assert list(read_instruction(text).request.lora_ranks) == wanted


@pytest.mark.parametrize(
    ("text", "wanted"),
    [
        ('SFT qwen3-8b on tea-faq lr 2e-4', [0.0002]),
        ('SFT qwen3-8b on tea-faq, learning rate of 0.0001', [0.0001]),
        ('SFT qwen3-8b on tea-faq, 1e-4 or 3e-4 as learning rate', [0.0001, 0.0003]),
        ('SFT qwen3-8b on tea-faq, lr 5×10^-5', [5e-05]),
        ('SFT qwen3-8b on tea-faq, lr five e minus five', [5e-05]),
        ('SFT qwen3-8b on tea-faq, lr: 1e-4, 2e-4; rank: 8', [0.0001, 0.0002]),
        ('SFT qwen3-8b on tea-faq. With 1e-3 it diverged last week; try 1e-4.', [0.0001]),
    ],
)  # fmt: skip
def test_learning_rates(text: str, wanted: object) -> None:
    assert list(read_instruction(text).request.learning_rates) == wanted


@pytest.mark.parametrize(
    ("text", "wanted"),
    [
        ('SFT qwen3-8b on tea-faq, sweep on 500 rows only', 500),
        ('SFT qwen3-8b on tea-faq, for the search take 300 examples', 300),
        ('SFT qwen3-8b on tea-faq, HP tuning with a 1k subsample', 1000),
        ('SFT qwen3-8b on tea-faq, which has 2,000 rows', None),
        ('SFT qwen3-8b auf tea-faq, für die Suche reichen 400 Beispiele', 400),
        ('SFT qwen3-8b on tea-faq. The candidates may see 250 samples each.', 250),
    ],
)  # fmt: skip
def test_subsample(text: str, wanted: object) -> None:
    assert read_instruction(text).request.subsample == wanted


@pytest.mark.parametrize(
    ("text", "wanted"),
    [
        ('SFT qwen3-8b on tea-faq, no more than two jobs at once', 2),
        ('SFT qwen3-8b on tea-faq, run 3 at a time', 3),
        ('SFT qwen3-8b on tea-faq, strictly one after another', 1),
        ('SFT qwen3-8b auf tea-faq, höchstens drei Jobs gleichzeitig', 3),
        ('SFT qwen3-8b on tea-faq, our quota allows 4 concurrent trainings', 4),
        ('SFT qwen3-8b sur tea-faq, deux jobs en parallèle maximum', 2),
        ('用 tea-faq 微调 qwen3-8b，同时最多跑两个任务', 2),
    ],
)  # fmt: skip
def test_max_parallel_jobs(text: str, wanted: object) -> None:
    assert read_instruction(text).request.max_parallel_jobs == wanted


@pytest.mark.parametrize(
    ("text", "wanted"),
    [
        ('Classify mails-4 with qwen3-8b, 80/20 split', 0.8),
        ('Classify mails-4 with qwen3-8b, keep 15% for testing', 0.85),
        ('Classify mails-4 with qwen3-8b, hold out a fifth', 0.8),
        ('Classify mails-4 with qwen3-8b, train on 90 percent', 0.9),
        ('Classify mails-4 with qwen3-8b, test split 0.25', 0.75),
        ('Classify mails-4 with qwen3-8b, 20 % zum Testen zurückhalten', 0.8),
        ('Classify mails-4 with qwen3-8b, 70% train 30% test', 0.7),
        ('Classify mails-4 with qwen3-8b. Gardez 10 % pour le test.', 0.9),
    ],
)  # fmt: skip
def test_train_fraction(text: str, wanted: object) -> None:
    assert read_instruction(text).request.train_fraction == wanted


@pytest.mark.parametrize(
    ("text", "wanted"),
    [
        ('SFT qwen3-8b on tea-faq. Leave deployment to us.', False),
        ('SFT qwen3-8b on tea-faq. It must not go live.', False),
        ('SFT qwen3-8b on tea-faq and deploy it', True),
        ("SFT qwen3-8b on tea-faq. I'll deploy it myself.", False),
        ('SFT qwen3-8b on tea-faq. Nicht ausrollen!', False),
        ('SFT qwen3-8b on tea-faq. Just the weights, no endpoint.', False),
        ("SFT qwen3-8b on tea-faq. Don't forget to deploy.", True),
        ('SFT qwen3-8b on tea-faq. Deployment comes later.', False),
        ('SFT qwen3-8b sur tea-faq, sans déploiement', False),
        ('SFT qwen3-8b con tea-faq, no lo despliegues', False),
        ('用 tea-faq 微调 qwen3-8b，不要上线', False),
        ("SFT qwen3-8b on tea-faq. I don't want it deployed.", False),
        ("SFT qwen3-8b on tea-faq, no deployment. EDIT: she does want it deployed at the end.", True),
    ],
)  # fmt: skip
def test_deployment(text: str, wanted: object) -> None:
    assert read_instruction(text).request.deploy == wanted


@pytest.mark.parametrize(
    ("text", "wanted"),
    [
        ('SFT qwen3-8b on tea-faq, no sweep', True),
        ('SFT qwen3-8b on tea-faq, skip hyperparameter tuning', True),
        ('SFT qwen3-8b on tea-faq, one config only', False),
        ('SFT qwen3-8b on tea-faq ohne Hyperparametersuche', True),
        ("SFT qwen3-8b sur tea-faq, pas de recherche d'hyperparamètres", True),
        ('用 tea-faq 微调 qwen3-8b，不用调参', True),
        ("SFT qwen3-8b on tea-faq. Don't bother searching for settings.", True),
        ('SFT qwen3-8b on tea-faq. HPO: off', True),
    ],
)  # fmt: skip
def test_skip_sweep(text: str, wanted: object) -> None:
    assert read_instruction(text).request.skip_sweep == wanted


@pytest.mark.parametrize(
    ("text", "wanted"),
    [
        ('SFT qwen3-8b on tea-faq, skip the final run', True),
        ('SFT qwen3-8b on tea-faq, no full-data training at the end', True),
        ('SFT qwen3-8b on tea-faq, stop after the sweep', True),
        ('SFT qwen3-8b auf tea-faq, kein abschließendes Training auf allen Daten', True),
    ],
)  # fmt: skip
def test_skip_final_run(text: str, wanted: object) -> None:
    assert read_instruction(text).request.skip_final_run == wanted
