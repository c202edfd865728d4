"""Invented people of an invented county: names, addresses, telephone numbers, languages.

The lists are short on purpose (real registers hold many Marys of one family, and matching must cope with that) and
family names that would make a famous person by chance are left out. Telephone numbers are of the range 555-0100 to
555-0199, which is reserved for fiction; the ZIP prefixes 213 and 269 are not assigned to any place.
"""

from __future__ import annotations

import numpy as np

from . import parameters as sheet
from .clock import date
from .people import Table
from .streams import Purpose, uniform

FAMILY = {
    "white": "Abbott Ackerley Ambler Barlow Beecham Birchall Braddock Calloway Corrigan Dunmore Ellery Fairbank "
    "Fenwick Garrity Gilchrist Hadley Halloran Hensley Hollister Kettering Kowalczyk Lindqvist Loxley "
    "Maddox Marchetti Merriweather Novak Oakes Pemberton Petrakis Prescott Rademacher Ridgeway Rossiter "
    "Schaefer Sorensen Stroud Tolliver Vandermeer Wainwright Whitcomb Winslow Yarrow Zielinski",
    "black": "Alford Baptiste Battle Bellamy Boykin Broadnax Cato Cheeks Crenshaw Dorsey Eubanks Fontaine "
    "Gadsden Grier Hairston Hargrove Ingram Jeffcoat Kimbrough Lattimore Ledbetter Mabry McCray Mobley "
    "Okafor Osei Pettway Pinckney Ravenel Rhett Salter Sewell Shelton Singletary Tisdale Tolbert "
    "Venable Walden Weathers Yancey",
    "hispanic": "Acosta Alarcon Arreola Barrera Becerra Cabrera Cardenas Cisneros Delgadillo Echeverria Escobedo "
    "Galindo Granados Herrada Ibarra Ledesma Lozano Macias Melendez Montoya Nevarez Ocampo Olivares "
    "Palacios Quintero Rentería Rosales Saldaña Solorio Tejeda Urrutia Valdivia Villaseñor Zamora "
    "Zúñiga",
    "asian": "Bautista Cao Chaudhary Dang Deshmukh Fong Hoang Iyer Jeong Kaur Kwon Lam Mehrotra Moua Nakagawa Oh "
    "Pham Quach Reyes Shrestha Sohn Tamura Trinh Vang Villanueva Xiong Yamada Yoon Zhao",
    "other": "Begay Chee Haddad Kealoha Khoury Mansour Nasser Naha Redfern Saleh Tafoya Tsosie Yazzie Whitehorse",
}
GIVEN_FEMALE = {
    "white": "Abigail Alice Anna Barbara Beatrice Carol Catherine Diane Dorothy Eileen Elaine Eleanor Frances "
    "Gail Hannah Helen Irene Janet Joan Judith Kathleen Laura Linda Margaret Martha Mary Megan Nancy "
    "Patricia Phyllis Ruth Sarah Shirley Susan Theresa Virginia",
    "black": "Alma Annette Bernice Brenda Carla Charlene Clarice Denise Doris Ebony Ernestine Gloria Imani "
    "Jasmine Keisha LaTonya Lorraine Mamie Mavis Monique Odessa Renee Rosetta Shanice Tamika Thelma "
    "Vanessa Yolanda",
    "hispanic": "Adriana Alicia Beatriz Carmen Consuelo Dolores Elena Esperanza Graciela Guadalupe Inés Josefina "
    "Lucía Lupita Maribel Marisol Mercedes Pilar Rocío Rosa Silvia Teresa Verónica Ximena",
    "asian": "Aiko Anjali Bich Chau Divya Eun-ji Hana Hoa Jia Kavita Lan Mei Mai Ngoc Pa Priya Rina Sunita Thuy "
    "Xuan Yuki",
    "other": "Aliyah Amira Dena Hala Leilani Lena Malia Mona Nadia Rima Sage Samira",
}
GIVEN_MALE = {
    "white": "Albert Andrew Arthur Benjamin Carl Charles Daniel David Dennis Donald Edward Eugene Frank "
    "Frederick George Gerald Harold Henry Howard James John Joseph Kenneth Lawrence Leonard Mark Martin "
    "Patrick Paul Peter Philip Ralph Raymond Richard Robert Stephen Thomas Walter William",
    "black": "Alonzo Amos Andre Calvin Cedric Clarence Cornell Darnell Darius Demetrius Earl Elijah Isaiah Jamal "
    "Jerome Lamar Leroy Malik Marcus Maurice Otis Percy Reginald Rufus Terrence Tyrone Vernon Willie",
    "hispanic": "Alejandro Alfonso Andrés Arturo Carlos Efraín Emilio Enrique Ernesto Felipe Gerardo Guillermo "
    "Héctor Ignacio Javier Jesús Jorge José Julio Luis Manuel Martín Miguel Pablo Rafael Ramón Raúl "
    "Ricardo Tomás Vicente",
    "asian": "Anand Arjun Bao Binh Chen Dae Deepak Duc Feng Haruto Hiroshi Hung Jin Kenji Khoa Minh Rajesh Ravi "
    "Sanjay Sung Tou Vikram Wei Yong",
    "other": "Adil Amir Faris Hasan Ikaika Karim Keoni Nabil Omar Sami Tariq Yusuf",
}
MIDDLE = tuple("ABCDEFGHJKLMNPRSTW")
TOWNS = (
    (("Quillmere", "Fernhollow", "Saltmarsh Mills", "Harrow Creek"), "WV", "269"),
    (("Eastbank", "Lower Tarn", "Pike Landing", "Ashgrove"), "MD", "213"),
)
STREETS = (
    *("Alder St", "Bayard Ave", "Canal Rd", "Chestnut St", "Depot St", "Elm Ave", "Ferry Ln", "Foundry St", "Grant St"),
    *("High St", "Juniper Ct", "Ledge Rd", "Mill Pond Rd", "Oak St", "Orchard Ave", "Pine St", "Quarry Rd", "River Rd"),
    *("School St", "Spruce Ave", "Station Rd", "Sycamore Dr", "Tannery Ln", "Union St", "Walnut St", "Willow Way"),
)
AREA = (("304", "681"), ("240", "301"))
LANGUAGES = {
    "hispanic": (("es", "Spanish"),),
    "asian": (("zh", "Chinese"), ("vi", "Vietnamese"), ("ko", "Korean"), ("hmn", "Hmong")),
    "white": (("pl", "Polish"), ("ru", "Russian"), ("el", "Greek")),
    "black": (("ht", "Haitian"), ("fr", "French"), ("am", "Amharic")),
    "other": (("ar", "Arabic"),),
}
NICKNAMES = {
    **{
        "Margaret": "Peggy",
        "Catherine": "Cathy",
        "Dorothy": "Dot",
        "Patricia": "Pat",
        "Susan": "Sue",
        "William": "Bill",
    },
    **{"Robert": "Bob", "Richard": "Dick", "James": "Jim", "Charles": "Chuck", "Edward": "Ted", "Thomas": "Tom"},
    **{
        "Guadalupe": "Lupe",
        "Josefina": "Pepa",
        "José": "Pepe",
        "Guillermo": "Memo",
        "Ernestine": "Tina",
        "Reginald": "Reg",
    },
    **{"Frances": "Fran", "Theresa": "Terry", "Kenneth": "Ken", "Joseph": "Joe", "Daniel": "Dan"},
}


def identities(seed: int, people: Table) -> Table:
    """Return how registration knows each person, one row a person: names, birth date, address, telephone, language."""
    draw = lambda purpose: uniform(seed, people["person"], 0, 0, purpose)  # noqa: E731
    family_u, given_u, middle_u, has_middle_u = draw(Purpose.NAME)
    street_u, number_u, town_u, zip_u = draw(Purpose.ADDRESS)
    area_u, line_u, language_u, _ = draw(Purpose.CONTACT)
    race, site = people["race"], people["site"]
    born = np.floor(-people["age"] * 365.25).astype(np.int64)
    columns = {
        "family": _by_race(FAMILY, race, family_u),
        "given": np.where(people["female"], _by_race(GIVEN_FEMALE, race, given_u), _by_race(GIVEN_MALE, race, given_u)),
        "middle": np.where(has_middle_u < 0.7, _pick(MIDDLE, middle_u), ""),
        "birth_date": np.datetime_as_string(date(born)).astype(object),
        "line": _lines(number_u, street_u),
        "city": np.where(site == 0, _pick(TOWNS[0][0], town_u), _pick(TOWNS[1][0], town_u)),
        "state": np.where(site == 0, TOWNS[0][1], TOWNS[1][1]).astype(object),
        "zip": np.array([zip_code(s, u) for s, u in zip(site, zip_u, strict=True)], dtype=object),
        "phone": np.array(
            [f"{AREA[s][int(2 * a)]}-555-01{int(100 * b):02d}" for s, a, b in zip(site, area_u, line_u, strict=True)],
            dtype=object,
        ),
        "language": np.array(
            [_language(r, i, u) for r, i, u in zip(race, people["interpreter"], language_u, strict=True)], dtype=object
        ),
    }
    return columns


def _pick(values, u: np.ndarray) -> np.ndarray:
    return np.array(values, dtype=object)[(u * len(values)).astype(np.int64)]


def _by_race(lists: dict[str, str], race: np.ndarray, u: np.ndarray) -> np.ndarray:
    picked = [_pick(lists[name].split(), u) for name in sheet.RACES]
    return np.choose(race, picked)


def _lines(number_u: np.ndarray, street_u: np.ndarray) -> np.ndarray:
    streets = _pick(STREETS, street_u)
    return np.array([f"{int(3 + 480 * n)} {s}" for n, s in zip(number_u, streets, strict=True)], dtype=object)


def zip_code(site: int, u: float) -> str:
    """Return one of the sixty ZIP codes around a site; which one means nothing."""
    return f"{TOWNS[site][2]}{int(60 * u) + 10:02d}"


def _language(race: int, interpreter: bool, u: float) -> str:
    choices = LANGUAGES[sheet.RACES[race]] if interpreter else (("en", "English"),)
    return choices[int(u * len(choices))][0]


LANGUAGE_NAMES = {"en": "English"} | {code: name for group in LANGUAGES.values() for code, name in group}
