using CsCheck;
using Portcullis.Git;
using Portcullis.Git.Advertisements;
using Portcullis.Git.PktLines;
using Portcullis.Git.ReceivePack;

namespace Portcullis.Tests.Git.ReceivePack;

public class ReportStatusTests
{
    private const string A = "aaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaa";

    [Theory]
    [InlineData("unpack ok\\n\n0000")]
    [InlineData("unpack index-pack abnormal exit\\n\nng refs/heads/main unpacker error\\n\n0000")]
    [InlineData("unpack ok\\n\nok refs/heads/main\\n\nng refs/heads/x non-fast-forward\\n\nng refs/heads/y\\n\n0000")]
    [InlineData($"unpack ok\\n\nok refs/heads/main\\n\noption refname refs/changes/1\\n\noption old-oid {A}\\n\noption new-oid {A}\\n\noption forced-update\\n\nok refs/heads/main\\n\n0000")]
    public void Parsing_and_writing_git_s_reports_are_inverse(string text)
    {
        Assert.Equal(text, Wire.Text(Wire.Written(output => ReportStatus.Parse(Wire.Bytes(text)).WriteTo(output))));
    }

    [Fact]
    public void Writing_and_parsing_are_inverse()
    {
        var names = Gen.OneOf<string>("refs/heads/main", "refs/heads/é", "refs/tags/v1", "HEAD");
        var ids = Gen.Byte.Array[20].Select(raw => (ObjectId?)ObjectId.FromBytes(raw));
        var maybeId = Gen.OneOf(ids, Gen.Const((ObjectId?)null));
        var oks = Gen.Select(names, Gen.OneOf<string?>("refs/x/y", null), maybeId, maybeId, Gen.Bool,
            (name, actual, old, @new, forced) => RefStatus.Ok(name) with { ActualRefName = actual, ActualOld = old, ActualNew = @new, IsForcedUpdate = forced });
        var refused = Gen.Select(names, Gen.OneOf<string?>("hook declined", "a b  c", null), (name, reason) => new RefStatus(name, false, reason));
        Gen.Select(Gen.OneOf<string>("ok", "unable to create temporary object directory"), Gen.OneOf(oks, refused).Array[0, 6]).Sample((unpack, refs) =>
        {
            var report = new ReportStatus(unpack, [.. refs]);
            return ReportStatus.Parse(Wire.Written(output => report.WriteTo(output))).Equals(report);
        });
    }

    [Theory]
    [InlineData("0000")]
    [InlineData("unpack ok\\n")]
    [InlineData("unpack ok\\n\n0000\n0000")]
    [InlineData("ok refs/heads/main\\n\n0000")]
    [InlineData("unpack ok\\n\nunpack ok\\n\n0000")]
    [InlineData("unpack ok\\n\noption forced-update\\n\n0000")]
    [InlineData("unpack ok\\n\nng refs/heads/main x\\n\noption forced-update\\n\n0000")]
    [InlineData("unpack ok\\n\nok refs/heads/main\\n\noption old-oid xyz\\n\n0000")]
    [InlineData("unpack ok\\n\nok \\n\n0000")]
    [InlineData("unpack ok\\n\nfine refs/heads/main\\n\n0000")]
    [InlineData("unpack ok\\n\n0001")]
    [InlineData("unpack ok\\n\nok a\\0b\\n\n0000")]
    public void Rejects_what_is_no_report(string text)
    {
        Assert.Throws<PktLineException>(() => ReportStatus.Parse(Wire.Bytes(text)));
    }

    [Fact]
    public void Reasons_cannot_forge_further_lines()
    {
        var report = new ReportStatus("ok\nok refs/heads/x", [RefStatus.Rejected("refs/heads/main", "no\nok refs/heads/main\u001b[2J")]);
        Assert.Equal(
            "unpack ok ok refs/heads/x\\n\nng refs/heads/main no ok refs/heads/main [2J\\n\n0000",
            Wire.Text(Wire.Written(output => report.WriteTo(output))));
    }

    [Theory]
    [InlineData("report-status", "unpack ok\\n\nok refs/heads/main\\n\n0000")]
    [InlineData("report-status-v2", "unpack ok\\n\nok refs/heads/main\\n\noption forced-update\\n\n0000")]
    [InlineData("report-status report-status-v2", "unpack ok\\n\nok refs/heads/main\\n\noption forced-update\\n\n0000")]
    [InlineData("quiet", "")]
    [InlineData("side-band-64k", "0000")]
    [InlineData("side-band-64k report-status", "\u0001000eunpack ok\\n0017ok refs/heads/main\\n0000\n0000")]
    public void Report_has_the_form_that_the_client_asked_for(string capabilities, string expected)
    {
        var report = new ReportStatus("ok", [RefStatus.Ok("refs/heads/main") with { IsForcedUpdate = true }]);
        Assert.Equal(expected, Wire.Text(Wire.Written(output => report.WriteTo(output, CapabilityList.Of(capabilities.Split(' '))))));
    }
}
