# License LGPL-3.0 or later (https://www.gnu.org/licenses/lgpl).
"""Photos that Odoo cannot show."""

import base64
import io

from PIL import Image

from .common import ADA, ImportCase

WEBP = base64.b64decode("UklGRiIAAABXRUJQVlA4IBYAAAAwAQCdASoBAAEADsD+JaQAA3AAAAAA")
#: Beginnings of files that are not pictures, or not ones that Odoo knows.
UNKNOWN = {
    "HEIC": b"\0\0\0\x18ftypheic\0\0\0\0mif1heic",
    "AVIF": b"\0\0\0\x18ftypavif\0\0\0\0mif1avif",
    "WEBP": b"RIFF\x10\0\0\0WEBP",
    "TIFF": b"II*\0\x08\0\0\0\0\0",
    "PNG": base64.b64decode("iVBORw=="),
    "JPEG": b"\xff\xd8\xff\xe0\0\x10JFIF\0",
    "SVG": b"<svg xmlns='http://www.w3.org/2000/svg'/>",
    "HTML": b"<html><body>Not found</body></html>",
    "TEXT": b"no image",
}


def with_photo(kind, content, card=ADA):
    content = base64.b64encode(content).decode()
    line = f"PHOTO;ENCODING=b;TYPE={kind}:{content}\r\n"
    return card.replace("END:", f"{line}END:")


def png(color="red"):
    file = io.BytesIO()
    Image.new("RGB", (9, 9), color).save(file, "PNG")
    return file.getvalue()


class TestPhotos(ImportCase):
    def notes(self, binding):
        """Return the notes on the contact that its photo is not imported."""
        found = binding.message_ids.filtered(lambda each: "photo" in (each.body or ""))
        return found.mapped("body")

    def photo_line(self, binding):
        text = self.text_of(binding).replace(b"\r\n ", b"")
        return next((x for x in text.split(b"\r\n") if x.startswith(b"PHOTO")), b"")

    def test_a_contact_is_imported_without_a_photo_that_odoo_cannot_show(self):
        for kind, content in UNKNOWN.items():
            with self.subTest(kind), self.env.cr.savepoint() as savepoint:
                binding = self.imported(with_photo(kind, content))
                self.assertEqual(binding.name, "Ada Lovelace")
                self.assertFalse(binding.image_1920)
                (note,) = self.notes(binding)
                self.assertRegex(note, "card u1.vcf in Sales phones was not imported")
                savepoint.rollback()
                self.env.invalidate_all()

    def test_later_changes_go_on_and_the_note_is_not_repeated(self):
        binding = self.imported(with_photo("HEIC", UNKNOWN["HEIC"]))
        line = self.photo_line(binding)
        self.change(binding, "FN:Ada Lovelace", "FN:Ada King")
        self.again(binding)
        self.assertEqual(binding.name, "Ada King")
        binding.odoo_id.function = "Countess"
        binding.export_record()
        self.assertIn(b"TITLE:Countess", self.text_of(binding))
        self.assertEqual(self.photo_line(binding), line)
        self.assertIn("up to date", self.again(binding))
        self.assertEqual(len(self.notes(binding)), 1)

    def test_a_new_photo_that_odoo_cannot_show_leaves_the_old_one(self):
        binding = self.imported(with_photo("PNG", png()))
        old = binding.image_1920
        self.assertTrue(old)
        self.put("u1.vcf", with_photo("HEIC", UNKNOWN["HEIC"]))
        self.again(binding)
        line = self.photo_line(binding)
        self.assertEqual((binding.image_1920, len(self.notes(binding))), (old, 1))
        self.assertIn("nothing to export", binding.export_record())
        self.assertEqual(self.photo_line(binding), line)
        self.put("u1.vcf", with_photo("PNG", png("blue")))
        self.again(binding)
        self.assertNotEqual(binding.image_1920, old)

    def test_a_photo_that_odoo_sets_takes_its_place(self):
        binding = self.imported(with_photo("HEIC", UNKNOWN["HEIC"]))
        binding.odoo_id.image_1920 = base64.b64encode(png())
        binding.export_record()
        self.assertIn(b"TYPE=PNG", self.photo_line(binding))

    def test_odoo_wins_a_conflict_and_the_photo_stays(self):
        self.backend.conflict_policy = "odoo"
        for uid, photo in (
            (
                "u1",
                f"PHOTO;ENCODING=b;TYPE=HEIC:{base64.b64encode(UNKNOWN['HEIC']).decode()}",
            ),
            ("u2", "PHOTO;VALUE=uri:https://example.com/photo.jpg"),
        ):
            card = ADA.replace("u1", uid).replace("ada@", f"{uid}@")
            binding = self.imported(card, f"{uid}.vcf")
            more = f"TITLE:Dr\r\n{photo}\r\nEND:"
            self.put(f"{uid}.vcf", card.replace("END:", more))
            line = self.photo_line(binding)
            binding.odoo_id.function = "Countess"
            with self.running_jobs():
                binding.export_record()
            self.assertIn(b"TITLE:Countess", self.text_of(binding))
            self.assertEqual(self.photo_line(binding), line)

    def test_a_photo_without_valid_base64_is_a_broken_one(self):
        for content in ("!!!!", ""):
            photo = f"PHOTO;ENCODING=b;TYPE=JPEG:{content}\r\nEND:"
            with self.subTest(content), self.env.cr.savepoint() as savepoint:
                self.scripted((200, {"ETag": '"1"'}, ADA.replace("END:", photo)))
                self.bindings.import_record(self.backend, "u1.vcf")
                self.assertFalse(self.binding("u1.vcf").image_1920)
                savepoint.rollback()
                self.env.invalidate_all()

    def test_pictures_that_odoo_can_show_are_imported(self):
        for kind, content in (("PNG", png()), ("WEBP", WEBP)):
            with self.subTest(kind), self.env.cr.savepoint() as savepoint:
                binding = self.imported(with_photo(kind, content))
                self.assertEqual(base64.b64decode(binding.image_1920), content)
                self.assertFalse(self.notes(binding))
                savepoint.rollback()
                self.env.invalidate_all()
