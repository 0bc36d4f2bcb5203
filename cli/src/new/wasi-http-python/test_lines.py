import unittest

from lines import count_in, lines


class LinesTest(unittest.TestCase):
    def test_the_last_line_is_the_end(self) -> None:
        self.assertEqual(list(lines(1)), [b"Number: 1\n", b"Streaming complete!\n"])

    def test_the_query_may_ask_for_another_count(self) -> None:
        self.assertEqual(count_in("/numbers?count=2"), 2)
        self.assertEqual(count_in("/numbers"), 3)
        self.assertEqual(count_in(None), 3)


if __name__ == "__main__":
    unittest.main()
