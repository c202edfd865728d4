"""Random numbers: the published answers, and independence from order and company."""

import numpy as np
import pytest
from wardround.hospital.streams import Purpose, derived_key, normal, opaque, uniform, words


@pytest.mark.parametrize(
    ("counter", "seed", "expected"),
    [  # Random123, kat_vectors, philox4x32 with ten rounds
        ((0, 0, 0, 0), 0, "6627e8d5 e169c58d bc57ac4c 9b00dbd8"),
        ((0xFFFFFFFF,) * 4, 0xFFFFFFFFFFFFFFFF, "408f276d 41c83b0e a20bc7c6 6d5451fd"),
        (
            (0x243F6A88, 0x85A308D3, 0x13198A2E, 0x03707344),
            0x299F31D0A4093822,
            "d16cfe09 94fdcceb 5001e420 24126ea1",
        ),
    ],
)
def test_known_answers(counter, seed, expected):
    assert " ".join(f"{int(word):08x}" for word in words(seed, *counter)) == expected


def test_a_draw_depends_on_its_key_alone():
    together = uniform(7, np.arange(100_000), 10_003, 2, Purpose.CASE)
    backwards = uniform(7, np.arange(100_000)[::-1], 10_003, 2, Purpose.CASE)[:, ::-1]
    alone = uniform(7, 54_321, 10_003, 2, Purpose.CASE)
    assert np.array_equal(together, backwards)
    assert np.array_equal(together[:, 54_321], alone)


def test_every_part_of_the_key_matters():
    base = (7, 11, 13, 17, 19)
    other = [tuple(part + (place == k) for place, part in enumerate(base)) for k in range(5)]
    assert len({tuple(words(*key).tolist()) for key in [base, *other]}) == 6


def test_uniforms_and_normals_have_their_shape():
    u = uniform(1, np.arange(200_000), 0, 0, Purpose.WEEK)
    assert (u > 0).all() and (u < 1).all()
    assert np.abs(u.mean(axis=1) - 0.5).max() < 4 / np.sqrt(12 * 200_000)
    assert np.abs(np.corrcoef(u)[np.triu_indices(4, 1)]).max() < 4.5 / np.sqrt(200_000)
    z = normal(u)
    assert np.abs(z.mean(axis=1)).max() < 4 / np.sqrt(200_000)
    assert np.abs(z.std(axis=1) - 1).max() < 4 / np.sqrt(2 * 200_000)


def test_purposes_are_numbered_once():
    assert len({int(purpose) for purpose in Purpose}) == len(Purpose.__members__)


def test_ids_come_from_a_key_that_is_not_the_seed():
    key = derived_key(42, "resource ids")
    assert key != 42 and key != derived_key(43, "resource ids") and key != derived_key(42, "other")
    bits = opaque(key, np.arange(20_000), 0, 0, bits=56)
    assert np.unique(bits).size == 20_000 and int(bits.max()) < 2**56
    assert abs(np.corrcoef(np.arange(20_000), bits.astype(float))[0, 1]) < 4 / np.sqrt(20_000)
