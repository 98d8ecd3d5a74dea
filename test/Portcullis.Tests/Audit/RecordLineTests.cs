using System.Net;
using System.Text;
using CsCheck;
using Portcullis.Audit;
using Portcullis.Audit.Lines;
using Portcullis.Audit.Reading;

namespace Portcullis.Tests.Audit;

public class RecordLineTests
{
    private static readonly DateTimeOffset Time = new(2026, 3, 14, 9, 26, 53, 589, TimeSpan.FromHours(2));

    [Fact]
    public void Members_stand_in_the_documented_order()
    {
        var record = new AuditRecord
        {
            Id = "id",
            Event = "request",
            Outcome = AuditOutcome.Refused,
            Reason = "ref_not_matched",
            Subject = "alice",
            Actor = ["agent-7", "ci"],
            Issuer = "https://git.example.com",
            Client = "cli",
            TokenId = "jti",
            KeyId = "kid",
            Session = "sid",
            Repository = "acme/app",
            Operation = "push",
            Refs =
            [
                new() { Name = "refs/heads/main", Old = "1111", New = "2222", Change = "update", Outcome = AuditOutcome.Refused, Reason = "ref_not_matched" },
                new() { Name = "refs/heads/a", Outcome = AuditOutcome.Failed },
            ],
            RemoteAddress = IPAddress.Parse("::ffff:192.0.2.1"),
            UserAgent = "git/2.47.0",
            Status = 200,
            BytesIn = 0,
            BytesOut = long.MaxValue,
            Duration = TimeSpan.FromMicroseconds(1234567),
        };

        Assert.Equal(
            """
            {"time":"2026-03-14T07:26:53.5890000Z","id":"id","node":"gw1","event":"request","outcome":"refused","reason":"ref_not_matched","subject":"alice","actor":["agent-7","ci"],"issuer":"https://git.example.com","client":"cli","tokenId":"jti","keyId":"kid","session":"sid","repository":"acme/app","operation":"push","refs":[{"name":"refs/heads/main","old":"1111","new":"2222","change":"update","outcome":"refused","reason":"ref_not_matched"},{"name":"refs/heads/a","outcome":"failed"}],"remoteAddress":"192.0.2.1","userAgent":"git/2.47.0","status":200,"bytesIn":0,"bytesOut":9223372036854775807,"durationMs":1234.567
            """,
            Write(record).Single());
    }

    [Fact]
    public void Members_without_a_value_are_left_out()
        => Assert.Equal(
            """{"time":"2026-03-14T07:26:53.5890000Z","id":"id","node":"gw1","event":"e","outcome":"allowed" """.TrimEnd(),
            Write(new AuditRecord { Id = "id", Event = "e", Outcome = AuditOutcome.Allowed, Actor = [], Refs = [] }).Single());

    [Theory]
    [InlineData("a\nb", @"a\u000ab")]
    [InlineData("\u001b[31m", @"\u001b[31m")]
    [InlineData("\"\\/<>&'+", @"\""\\/<>&'+")]
    [InlineData("\u007f\u0085\u2028", @"\u007f\u0085\u2028")]
    [InlineData("\u202egpj.exe", @"\u202egpj.exe")]
    [InlineData("ветка", @"\u0432\u0435\u0442\u043a\u0430")]
    [InlineData("😀", @"\ud83d\ude00")]
    public void Text_from_a_peer_stays_printable_ASCII_on_one_line(string text, string written)
        => Assert.Contains($"\"userAgent\":\"{written}\"", Write(Record(text)).Single());

    [Fact]
    public void Half_a_character_is_written_as_the_replacement_character()
    {
        Assert.EndsWith("\"\\ufffd!\"", Write(Record("\ud83d!")).Single());
        Assert.EndsWith("\"\\ufffd\"", Write(Record("\ude00")).Single());
        Assert.EndsWith("\"a\\ufffd\"", Write(Record("a\ud83d")).Single());
    }

    [Fact]
    public void Text_from_a_peer_is_bounded_and_a_cut_shows()
    {
        var line = Write(Record(new string('a', 100_000))).Single();
        Assert.EndsWith($"\"userAgent\":\"{new string('a', 255)}\\u2026\"", line);
        Assert.EndsWith($"\"userAgent\":\"{new string('a', 254)}\\u2026\"", Write(Record(new string('a', 254) + "😀 and more")).Single());
        Assert.EndsWith($"\"userAgent\":\"{new string('a', 256)}\"", Write(Record(new string('a', 256))).Single());
    }

    [Fact]
    public void More_than_a_thousand_refs_become_lines_with_the_same_id_and_no_ref_is_lost()
    {
        var refs = Enumerable.Range(0, 2001).Select(i => new AuditRefChange { Name = $"refs/heads/{i}", Outcome = AuditOutcome.Allowed }).ToArray();
        var entries = Write(Record("git") with { Refs = refs }).Select(line => Read(line)).ToList();
        Assert.Equal([1000, 1000, 1], entries.Select(e => e.Record.Refs!.Count));
        Assert.Equal(refs, entries.SelectMany(e => e.Record.Refs!));
        Assert.All(entries, e => Assert.Equal("id", e.Record.Id));
    }

    [Fact]
    public void The_longest_possible_line_is_one_that_readers_accept()
    {
        var wild = new string('\u202e', 5000);
        var change = new AuditRefChange { Name = wild, Old = wild, New = wild, Change = "update", Outcome = AuditOutcome.Refused, Reason = wild };
        var record = Record(wild) with
        {
            Reason = wild, Subject = wild, Actor = [.. Enumerable.Repeat(wild, 1000)], Issuer = wild, Client = wild, TokenId = wild, KeyId = wild,
            Session = wild, Repository = wild, Operation = wild, Refs = [.. Enumerable.Repeat(change, 1000)],
        };
        Assert.InRange(Write(record).Single().Length + LineHash.Overhead, 1, LineLimits.LineBytes);
    }

    [Fact]
    public void What_is_read_back_is_what_was_written()
    {
        var text = Gen.String[0, 60].Select(s => new string([.. s.Where(c => !char.IsSurrogate(c))])).Null();
        var outcome = Gen.Enum<AuditOutcome>();
        var change = Gen.Select(text.Where(t => t is not null), text, text, outcome, text)
            .Select((name, old, @new, o, reason) => new AuditRefChange { Name = name!, Old = old, New = @new, Outcome = o, Reason = reason });
        var refs = change.Array[1, 5].Null();
        var numbers = Gen.Select(Gen.Long[0, long.MaxValue].Nullable(), Gen.Long[0, long.MaxValue].Nullable(), Gen.Int[100, 599].Nullable(), Gen.Long[0, 1L << 49].Nullable());
        Gen.Select(text, text, text, outcome, refs, numbers).Sample((subject, repository, agent, o, r, n) =>
        {
            var record = new AuditRecord
            {
                Time = Time.ToUniversalTime(), Id = "id", Event = "e", Outcome = o, Subject = subject, Repository = repository, UserAgent = agent,
                BytesIn = n.Item1, BytesOut = n.Item2, Status = n.Item3,
                Duration = n.Item4 is { } us ? TimeSpan.FromTicks(us * TimeSpan.TicksPerMicrosecond) : null,
            };
            var back = Read(Write(record with { Refs = r }).Single()).Record;
            Assert.Equal(r ?? [], back.Refs ?? []);
            Assert.Equal(record, back with { Refs = null });
        });
    }

    private static AuditRecord Record(string userAgent) => new() { Id = "id", Event = "request", Outcome = AuditOutcome.Allowed, UserAgent = userAgent };

    private static AuditEntry Read(string body) => RecordReader.TryRead(Encoding.ASCII.GetBytes(body + "}"), "f", 1)!;

    private static List<string> Write(AuditRecord record)
    {
        var target = new LineBuffer();
        var ends = new List<int>();
        RecordLine.Write(target, ends, record, "gw1", record.Time == default ? Time : record.Time);
        var text = Encoding.UTF8.GetString(target.Written);
        Assert.All(text, c => Assert.InRange(c, ' ', '~'));
        return [.. ends.Select((end, i) => text[(i == 0 ? 0 : ends[i - 1])..end])];
    }
}
