# SPDX-License-Identifier: LGPL-2.1-or-later
"""The genaudio command, used as a person or a script would use it."""

import csv
import io
import json
import math
import os
import pty
import re
import select
import signal
import struct
import subprocess
import wave
from pathlib import Path

import pytest

GENAUDIO = os.environ["GENAUDIO_COMMAND"]
SOURCE = Path(os.environ["GENAUDIO_SOURCE_DIR"])


def write_tensor(path, seconds=2.0, rate=32000, amplitude=0.1, metadata=None):
    """A stereo float32 safetensors file: a chord that pulses at 120 BPM."""
    n = int(seconds * rate)
    channel = [amplitude * math.exp(-6 * (i / rate % 0.5))
               * (math.sin(2 * math.pi * 220 * i / rate)
                  + math.sin(2 * math.pi * 330 * i / rate))
               for i in range(n)]
    data = struct.pack(f"<{n}f", *channel) * 2
    entries = dict(metadata or {})
    if rate:
        entries["sample_rate"] = str(rate)
    header = json.dumps({
        "__metadata__": entries,
        "audio": {"dtype": "F32", "shape": [2, n],
                  "data_offsets": [0, len(data)]}}).encode()
    path.write_bytes(struct.pack("<Q", len(header)) + header + data)
    return path


def run(*arguments, check=None, **options):
    result = subprocess.run([GENAUDIO, *map(str, arguments)],
                            capture_output=True, text=True, timeout=60,
                            **options)
    if check is not None:
        assert result.returncode == check, result.stderr
    return result


def json_lines(text):
    def refuse(constant):
        raise AssertionError(f"{constant} in JSON")
    return [json.loads(line, parse_constant=refuse)
            for line in text.splitlines()]


def audio_files(base):
    return sorted(path for path in base.rglob("*.wav"))


@pytest.fixture
def tensors(tmp_path):
    return [write_tensor(tmp_path / f"take-{i}.safetensors", 2.0,
                         amplitude=0.02 * i) for i in (1, 2, 10)]


# -- export

def test_export_files(tmp_path, tensors):
    base = tmp_path / "out"
    result = run("export", *tensors, "--base-dir", base, "--json", "--key",
                 "--bpm", check=0)
    items = json_lines(result.stdout)
    assert [item["status"] for item in items] == ["published"] * 3
    assert "3 done, 0 skipped, 0 failed" in result.stderr
    for item in items:
        path = Path(item["path"])
        assert path.is_file() and path.stat().st_size == item["file_size_bytes"]
        assert re.search(r"/\d{4}/\d\d/\d\d/take-\d+\.wav$", str(path))
        assert abs(item["integrated_loudness_lufs"] + 16) < 0.1
        assert item["true_peak_dbtp"] <= -1 + 1e-6
        assert item["schema"] == 1 and item["error"] is None
        with wave.open(str(path)) as file:
            assert file.getframerate() == 32000
            assert file.getnframes() == 64000


def test_pattern_in_natural_order(tmp_path, tensors):
    result = run("export", str(tmp_path / "take-*.safetensors"),
                 "--base-dir", tmp_path / "out", "--jobs", 1, "--json",
                 check=0)
    assert [item["job_id"] for item in json_lines(result.stdout)] == [
        "take-1", "take-2", "take-10"]


def test_options(tmp_path, tensors):
    base = tmp_path / "out"
    item, = json_lines(run(
        "export", tensors[0], "--base-dir", base, "--json", "--job-id", "mine",
        "--target", "-23", "--bit-depth", "PCM_24", "--format", "flac",
        "--date", "2024-02-29", "--sidecar", "--rate", "48000",
        "--filter", "identity", check=0).stdout)
    assert item["path"] == str(base / "2024/02/29/mine.flac")
    assert abs(item["integrated_loudness_lufs"] + 23) < 0.1
    assert item["sample_rate"] == 48000
    assert item["bit_depth"] == "PCM_24"
    sidecar = json.loads(Path(item["path"] + ".json").read_text())
    assert sidecar["job_id"] == "mine"


def test_no_normalize_and_environment(tmp_path, tensors):
    base = tmp_path / "from-environment"
    environment = dict(os.environ, AUDIO_OUTPUT_DIR=str(base),
                       AUDIO_TARGET_LUFS="-20")
    item, = json_lines(run("export", tensors[0], "--json", check=0,
                           env=environment).stdout)
    assert item["path"].startswith(str(base))
    assert abs(item["integrated_loudness_lufs"] + 20) < 0.1
    item, = json_lines(run("export", tensors[1], "--json", "--no-normalize",
                           check=0, env=environment).stdout)
    assert item["method"] == "disabled"
    assert item["gain_db"] in (None, 0)
    environment["AUDIO_NORMALIZE"] = "perhaps"
    result = run("export", tensors[2], check=2, env=environment)
    assert "perhaps" in result.stderr


def test_skips_what_is_done(tmp_path, tensors):
    base = tmp_path / "out"
    run("export", *tensors, "--base-dir", base, check=0)
    before = [(p, p.stat().st_mtime_ns) for p in audio_files(base)]
    result = run("export", *tensors, "--base-dir", base, "--json", check=0)
    assert {i["status"] for i in json_lines(result.stdout)} == {"skipped"}
    assert "0 done, 3 skipped, 0 failed" in result.stderr
    assert [(p, p.stat().st_mtime_ns) for p in audio_files(base)] == before


def test_journal_is_no_part_of_the_store(tmp_path, tensors):
    base = tmp_path / "out"
    run("export", tensors[0], "--base-dir", base, check=0)
    assert (base / ".genaudio").is_dir()
    listed = run("list", "--any-name", "--paths", "--base-dir", base, check=0)
    assert listed.stdout.split() == [str(audio_files(base)[0])]
    stats, = json_lines(run("stats", "--any-name", "--base-dir", base, "--json",
                            check=0).stdout)
    assert stats["total_files"] == 1
    run("cleanup", "--any-name", "--keep-bytes", "1", "--all", "--empty-dirs",
        "--delete", "--base-dir", base, check=0)
    assert not audio_files(base)
    assert list((base / ".genaudio").iterdir())


def test_another_source_is_an_error(tmp_path, tensors):
    base = tmp_path / "out"
    run("export", tensors[0], "--base-dir", base, "--job-id", "a", check=0)
    result = run("export", tensors[1], "--base-dir", base, "--job-id", "a",
                 check=1)
    assert "another source" in result.stderr
    # the same path with other contents is another source, too
    write_tensor(tensors[0], 1.0)
    result = run("export", tensors[0], "--base-dir", base, "--job-id", "a",
                 check=1)
    assert "another source" in result.stderr
    assert len(audio_files(base)) == 1


def test_batch_file_is_several_items(tmp_path):
    base = tmp_path / "out"
    n = 32000
    data = struct.pack(f"<{n}f", *(math.sin(i / 20) / 8 for i in range(n)))
    header = json.dumps({"audio": {
        "dtype": "F32", "shape": [3, 1, n],
        "data_offsets": [0, 3 * len(data)]}}).encode()
    path = tmp_path / "batch.safetensors"
    path.write_bytes(struct.pack("<Q", len(header)) + header + data * 3)
    result = run("export", path, "--base-dir", base, "--json", check=0)
    assert sorted(item["job_id"] for item in json_lines(result.stdout)) == [
        "batch-000", "batch-001", "batch-002"]
    assert "without a sample rate" in result.stderr
    result = run("export", path, "--base-dir", base, check=0)
    assert "0 done, 1 skipped" in result.stderr
    assert len(audio_files(base)) == 3


# -- manifests

def write_manifest(path, *lines):
    path.write_text("".join(
        (line if isinstance(line, str) else json.dumps(line)) + "\n"
        for line in lines))
    return path


def test_without_libaubio(tmp_path):
    """Beats need it, and nothing else does: it is not even opened."""
    path = write_tensor(tmp_path / "a.safetensors")
    run("export", path, "--base-dir", tmp_path, "--date", "2026-01-02", check=0)
    audio = tmp_path / "2026/01/02/a.wav"
    broken = tmp_path / "lib"
    broken.mkdir()
    (broken / "libaubio.so.5").write_text("no library")
    environment = {**os.environ, "LD_LIBRARY_PATH": os.pathsep.join(
        [str(broken), os.environ.get("LD_LIBRARY_PATH", "")])}
    run("analyze", audio, check=0, env=environment)
    for option in (["--beats"], ["--plot", tmp_path / "plot.png"]):
        result = run("analyze", audio, *option, check=1, env=environment)
        assert "Beats need libaubio" in result.stderr
    assert not (tmp_path / "plot.png").exists()


def test_metadata(tmp_path):
    """What the tensor file says and what the manifest says, which is right:
    alike in what is printed and in what is filed."""
    for name in ("a", "b"):
        write_tensor(tmp_path / f"{name}.safetensors",
                     metadata={"artist": "A model", "seed": name})
    manifest = write_manifest(
        tmp_path / "jobs.jsonl",
        {"location": "a.safetensors"},
        {"location": "b.safetensors",
         "metadata": {"artist": "Another", "prompt": "rain"}})
    printed = json_lines(run(
        "export", "--manifest", manifest, "--base-dir", tmp_path / "out",
        "--json", "--sidecar", check=0).stdout)
    found = {item["job_id"]: item["metadata"] for item in printed}
    assert found["a"].items() >= {"artist": "A model", "seed": "a"}.items()
    assert found["b"].items() >= {
        "artist": "Another", "prompt": "rain", "seed": "b"}.items()
    for item in printed:
        filed = json.loads(Path(item["path"] + ".json").read_text())
        assert filed["metadata"] == item["metadata"]


def test_manifest(tmp_path, tensors):
    base = tmp_path / "out"
    manifest = write_manifest(
        tmp_path / "jobs.jsonl",
        {"location": "take-1.safetensors", "job_id": "one",
         "target_lufs": -20, "metadata": {"prompt": "a song", "seed": 7}},
        "not json",
        {"location": "take-2.safetensors", "sample_rate": 16000},
        "",
        {"location": "take-10.safetensors", "job_id": "one"},
        {"location": "missing.pt"},
        {"location": "take-10.safetensors", "target_lufs": 3},
        {"location": "take-10.safetensors", "colour": "red"},
        ["a", "list"])
    failed = tmp_path / "failed.jsonl"
    index = tmp_path / "metadata.jsonl"
    result = run("export", "--manifest", manifest, "--base-dir", base,
                 "--json", "--failed", failed, "--index", index, "--sidecar",
                 check=1)
    items = json_lines(result.stdout)
    done = {i["job_id"]: i for i in items if i["status"] == "published"}
    assert sorted(done) == ["one", "take-2"]
    assert abs(done["one"]["integrated_loudness_lufs"] + 20) < 0.1
    assert done["one"]["metadata"]["prompt"] == "a song"
    assert done["one"]["metadata"]["seed"] == "7"
    assert done["take-2"]["sample_rate"] == 16000
    errors = [i["error"] for i in items if i["status"] == "failed"]
    assert len(errors) == 6
    for text in (":2: not JSON", "line 5: duplicate job id", "missing.pt",
                 ":7: ", '"colour"', ":9: not a JSON object"):
        assert any(text in error for error in errors), text
    assert "2 done, 0 skipped, 6 failed" in result.stderr

    lines = json_lines(index.read_text())
    assert {line["file_name"] for line in lines} == {
        str(Path(i["path"]).relative_to(base)) for i in done.values()}
    # what failed can be run again, and is indexed only once
    assert len(json_lines(failed.read_text())) == 6
    run("export", "--manifest", manifest, "--base-dir", base, "--index", index,
        "--max-failures", 6, check=0)
    assert len(index.read_text().splitlines()) == 2
    (tmp_path / "missing.pt").write_bytes(tensors[2].read_bytes())
    again = run("export", "--manifest", failed, "--base-dir", base, "--json")
    assert any(i["job_id"] == "missing" and i["status"] == "published"
               for i in json_lines(again.stdout))


def test_manifest_keeps_its_date(tmp_path, tensors):
    base = tmp_path / "out"
    manifest = write_manifest(tmp_path / "m.jsonl",
                              {"location": str(tensors[0])},
                              {"location": str(tensors[1])})
    run("export", "--manifest", manifest, "--base-dir", base, "--date",
        "2020-12-31", "--shard", "0/2", check=0)
    # "after midnight": no date is given, the first run's holds
    result = run("export", "--manifest", manifest, "--base-dir", base, check=0)
    assert "1 done, 1 skipped" in result.stderr
    assert all("2020/12/31" in str(p) for p in audio_files(base))


def test_wrong_usage(tmp_path, tensors):
    base = ["--base-dir", tmp_path / "out"]
    empty = write_manifest(tmp_path / "empty.jsonl")
    for arguments in (["export"], ["export", "--manifest", empty],
                      ["export", tensors[0], "--manifest", empty],
                      ["export", tensors[0], "--target", "loud"],
                      ["export", tensors[0], "--target", "-3"],
                      ["export", tensors[0], "--bit-depth", "PCM_8"],
                      ["export", tensors[0], "--format", "aac"],
                      ["export", tensors[0], "--jobs", "-1"],
                      ["export", *tensors, "--job-id", "x"],
                      ["export", tensors[0], "--shard", "2/2"],
                      ["export", tensors[0], "--shard", "x"],
                      ["export", tensors[0], "--no-such-option"]):
        result = run(*arguments, *base, check=2)
        assert result.stdout == "" and result.stderr != "", arguments
    run("dance", check=2)
    run(check=2)
    assert not (tmp_path / "out").exists() or not audio_files(tmp_path / "out")


def test_shards_cover_once(tmp_path, tensors):
    manifest = write_manifest(
        tmp_path / "m.jsonl",
        *({"location": str(tensors[i % 3]), "job_id": f"j{i}"}
          for i in range(7)))
    base = tmp_path / "out"
    seen = []
    environments = (
        [dict(SLURM_ARRAY_TASK_ID=str(5 + i), SLURM_ARRAY_TASK_MIN="5",
              SLURM_ARRAY_TASK_MAX="7", SLURM_ARRAY_TASK_COUNT="3")
         for i in range(3)])
    for extra in environments:
        result = run("export", "--manifest", manifest, "--base-dir", base,
                     "--json", check=0, env=dict(os.environ, **extra))
        seen += [i["job_id"] for i in json_lines(result.stdout)]
    assert sorted(seen) == [f"j{i}" for i in range(7)]

    kubernetes = dict(os.environ, JOB_COMPLETION_INDEX="1")
    run("export", "--manifest", manifest, "--base-dir", base, check=2,
        env=kubernetes)
    result = run("export", "--manifest", manifest, "--base-dir", base,
                 "--shards", 3, "--json", check=0, env=kubernetes)
    assert [i["job_id"] for i in json_lines(result.stdout)] == ["j1", "j4"]
    sparse = dict(os.environ, SLURM_ARRAY_TASK_ID="9",
                  SLURM_ARRAY_TASK_MIN="0", SLURM_ARRAY_TASK_MAX="9",
                  SLURM_ARRAY_TASK_COUNT="2")
    run("export", "--manifest", manifest, "--base-dir", base, check=2,
        env=sparse)
    run("export", "--manifest", manifest, "--base-dir", base, "--shards", "4",
        check=2, env=sparse)


# -- failures of the place, and interruption

def test_place_fails(tmp_path, tensors):
    blocked = tmp_path / "file"
    blocked.write_text("not a folder")
    result = run("export", *tensors, "--base-dir", blocked, check=3)
    assert str(blocked) in result.stderr


@pytest.mark.parametrize("number,status", [(signal.SIGINT, 130),
                                           (signal.SIGTERM, 143)])
def test_interrupted(tmp_path, number, status):
    source = write_tensor(tmp_path / "a.safetensors", 4.0)
    manifest = write_manifest(
        tmp_path / "m.jsonl",
        *({"location": str(source), "job_id": f"j{i:04}"}
          for i in range(3000)))
    base = tmp_path / "out"
    process = subprocess.Popen(
        [GENAUDIO, "export", "--manifest", manifest, "--base-dir", base,
         "--jobs", "2"], stdout=subprocess.PIPE, stderr=subprocess.PIPE,
        text=True)
    for _ in range(3):
        process.stdout.readline()
    process.send_signal(number)
    out, err = process.communicate(timeout=60)
    assert process.returncode == status, err
    files = audio_files(base)
    assert 3 <= len(files) < 3000
    for path in files:
        with wave.open(str(path)) as file:
            assert file.getnframes() == 4 * 32000
    assert not list(base.rglob("*.part"))


def test_progress_on_a_terminal(tmp_path, tensors):
    """A bar on standard error, no lines, and nothing of it in a pipe."""
    master, slave = pty.openpty()
    process = subprocess.Popen(
        [GENAUDIO, "export", *map(str, tensors), "--base-dir",
         str(tmp_path / "out")], stdout=slave, stderr=slave,
        env=dict(os.environ, TERM="xterm"))
    os.close(slave)
    shown = b""
    while True:
        ready, _, _ = select.select([master], [], [], 30)
        assert ready, "no end"
        try:
            chunk = os.read(master, 4096)
        except OSError:
            break
        if not chunk:
            break
        shown += chunk
    assert process.wait() == 0
    assert b"3/3" in shown and b"items/s" in shown and b"#" in shown
    assert b"3 done" in shown


# -- analyze and normalize

@pytest.fixture
def song(tmp_path):
    write_tensor(tmp_path / "song.safetensors", 12.0, amplitude=0.05)
    item, = json_lines(run("export", tmp_path / "song.safetensors",
                           "--base-dir", tmp_path / "songs", "--json",
                           check=0).stdout)
    return Path(item["path"])


def test_analyze(tmp_path, song):
    item, = json_lines(run("analyze", song, "--json", check=0).stdout)
    assert abs(item["duration_seconds"] - 12) < 1e-6
    assert item["sample_rate"] == 32000 and item["channels"] == 2
    assert item["bit_depth"] == "PCM_16"
    assert abs(item["integrated_loudness_lufs"] + 16) < 0.1
    assert abs(item["bpm"] - 120) < 0.5
    table = run("analyze", song, check=0).stdout.splitlines()
    assert len(table) == 2 and "LUFS" in table[0] and "-16.0" in table[1]
    rows = list(csv.DictReader(io.StringIO(
        run("analyze", "-r", song.parent, "--csv", check=0).stdout)))
    assert len(rows) == 1 and rows[0]["path"] == str(song)
    assert float(rows[0]["integrated_loudness_lufs"]) == pytest.approx(-16, abs=0.1)
    listed = run("analyze", "--files-from", "-", "--json", check=0,
                 input=f"{song}\n{song}\n")
    assert len(json_lines(listed.stdout)) == 2


def test_analyze_bad_files(tmp_path, song):
    text = tmp_path / "text.wav"
    text.write_text("this is not audio")
    result = run("analyze", tmp_path / "none.wav", text, song, "--json",
                 check=1)
    statuses = [i["status"] for i in json_lines(result.stdout)]
    assert statuses[:2] == ["failed", "failed"] and len(statuses) == 3
    assert "none.wav" in result.stderr and "text.wav" in result.stderr
    run("analyze", check=2)


def test_plot(tmp_path, song):
    for name, magic in (("a.png", b"\x89PNG"), ("a.svg", b"<?xml")):
        run("analyze", song, "--plot", tmp_path / name, check=0)
        assert (tmp_path / name).read_bytes().startswith(magic)
    svg = (tmp_path / "a.svg").read_text()
    assert svg.count("<path") > 1000
    run("analyze", song, "--plot", tmp_path / "a.gif", check=1)
    run("analyze", song, song, "--plot", tmp_path / "b.png", check=2)


def test_normalize(tmp_path, song):
    os.utime(song, (1e9, 1e9))
    out = tmp_path / "normalised"
    for name in ("a.wav", "a.flac", "a.ogg"):
        item, = json_lines(run("normalize", song, "-o", out / name, "-t", "-20",
                               "--keep-mtime", "--json", check=0).stdout)
        assert item["status"] == "published"
        assert (out / name).stat().st_mtime == 1e9
        measured, = json_lines(run("analyze", out / name, "--json",
                                   check=0).stdout)
        assert abs(measured["integrated_loudness_lufs"] + 20) < 0.2
    with wave.open(str(out / "a.wav")) as file:
        assert file.getsampwidth() == 2 and file.getnframes() == 12 * 32000
    result = run("normalize", song, "-o", out / "a.wav", check=1)
    assert "exists already" in result.stderr
    run("normalize", song, "-o", out / "a.wav", "--force", check=0)
    run("normalize", song, tmp_path / "none.wav", "-o", out, "--force", check=1)
    assert (out / song.name).exists()
    run("normalize", song, check=2)
    assert not [p for p in out.rglob("*") if p.name.startswith(".")]


def test_normalize_keeps_tags_and_depth(tmp_path):
    gst = ["gst-launch-1.0", "-q", "audiotestsrc", "num-buffers=200",
           "volume=0.1", "!", "audio/x-raw,format=S24LE,rate=44100",
           "!", "taginject", "tags=title=\"A\\ song\",artist=Somebody", "!",
           "flacenc", "!", "filesink", f"location={tmp_path}/in.flac"]
    subprocess.run(gst, check=True, timeout=30)
    run("normalize", tmp_path / "in.flac", "-o", tmp_path / "out.flac", check=0)
    shown = subprocess.run(
        ["gst-launch-1.0", "-t", "-v", "filesrc",
         f"location={tmp_path}/out.flac", "!", "flacparse", "!", "flacdec",
         "!", "fakesink"], capture_output=True, text=True, timeout=30).stdout
    for text in ("A song", "Somebody", "S24", "replaygain track gain"):
        assert text in shown, shown


# -- the rest

def test_info():
    info, = json_lines(run("info", "--json", check=0).stdout)
    assert set(info["elements"]) == {"torchtensorsrc", "r128normalize",
                                     "bpmanalyzer", "datedsink"}
    assert info["processors"] >= 1
    assert "genaudio" in run("info", check=0).stdout


def test_processors_honour_affinity():
    info, = json_lines(run("info", "--json", check=0,
                           preexec_fn=lambda: os.sched_setaffinity(
                               0, {min(os.sched_getaffinity(0))})).stdout)
    assert info["processors"] == 1


def options_of(*command):
    return set(re.findall(r"--[a-z][a-z-]+",
                          run(*command, "--help", check=0).stdout)) - {"--help"}


def test_man_page_has_every_option():
    page = (SOURCE / "tools" / "genaudio.1").read_text().replace("\\-", "-")
    commands = re.findall(r"^  ([a-z]+) ", run("--help", check=0).stdout, re.M)
    assert len(commands) >= 12
    for command in commands:
        assert command in page
        for option in options_of(command):
            assert option in page, f"{command} {option}"


def test_completion():
    script = SOURCE / "tools" / "completion" / "genaudio.bash"
    bash = subprocess.run(
        ["bash", "-c", f"""
         PATH={Path(GENAUDIO).parent}:$PATH; source {script}
         COMP_WORDS=(genaudio ex); COMP_CWORD=1; _genaudio; echo "${{COMPREPLY[@]}}"
         COMP_WORDS=(genaudio export --man); COMP_CWORD=2; _genaudio; echo "${{COMPREPLY[@]}}"
         """], capture_output=True, text=True, timeout=30)
    assert bash.stdout.split() == ["export", "--manifest"], bash.stderr
    zsh = SOURCE / "tools" / "completion" / "_genaudio"
    if subprocess.run(["sh", "-c", "command -v zsh"],
                      capture_output=True).returncode == 0:
        subprocess.run(["zsh", "-n", zsh], check=True, timeout=30)

