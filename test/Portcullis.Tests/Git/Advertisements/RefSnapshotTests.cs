using System.Text;
using CsCheck;
using Portcullis.Git;
using Portcullis.Git.Advertisements;
using Portcullis.Git.FetchRequests;
using Portcullis.Git.PktLines;
using Portcullis.Git.SmartHttp;

namespace Portcullis.Tests.Git.Advertisements;

public class RefSnapshotTests
{
    private const string A = "aaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaa";
    private const string B = "bbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbb";
    private const string Z = "0000000000000000000000000000000000000000";
    private const string A256 = A + "aaaaaaaaaaaaaaaaaaaaaaaa";

    private static readonly Gen<RefSnapshot> Snapshots = Gen.Select(
        Gen.OneOf<string>("a", "b", "ab", "-", "é").Array[1, 4].Select(parts => "refs/heads/" + string.Concat(parts)).Array[0, 20],
        Gen.Bool,
        (names, hasHead) =>
        {
            var id = ObjectId.FromBytes(new byte[20]);
            var builder = new RefSnapshotBuilder(ObjectFormat.Sha1);
            if (hasHead)
            {
                builder.Add("HEAD"u8, id, null, "refs/heads/a"u8);
            }

            foreach (var (i, name) in names.Distinct().Select(Encoding.UTF8.GetBytes).Order(Comparer<byte[]>.Create((left, right) => left.AsSpan().SequenceCompareTo(right))).Index())
            {
                builder.Add(name, id, i % 3 == 0 ? id : null, i % 4 == 0 ? "refs/heads/target"u8 : default);
            }

            return builder.Build();
        });

    [Fact]
    public void Prefixes_find_what_a_linear_search_finds()
    {
        Gen.Select(Snapshots, Gen.OneOf<string>("", "refs/", "refs/heads/a", "refs/heads/é", "refs/heads/ab", "x", "HEAD")).Sample((snapshot, prefix) =>
            snapshot.WithPrefix(Encoding.UTF8.GetBytes(prefix)).ToArray().Select(entry => entry.ToString())
                .SequenceEqual(snapshot.Entries.Where(entry => !entry.IsHead && Name(entry).StartsWith(prefix, StringComparison.Ordinal)).Select(entry => entry.ToString())));
    }

    [Fact]
    public void Refs_are_found_by_name()
    {
        Snapshots.Sample(snapshot => snapshot.Entries.All(entry => snapshot.Find(Name(entry)) is { } found && Name(found) == Name(entry))
            && snapshot.Find("refs/heads/none") is null && snapshot.Find("") is null && snapshot.HasPrefix("refs/heads/a") == snapshot.Entries.Any(entry => Name(entry).StartsWith("refs/heads/a", StringComparison.Ordinal)));
    }

    [Fact]
    public void Listing_everything_and_parsing_are_inverse_and_overlapping_prefixes_give_each_ref_once()
    {
        Gen.Select(Snapshots, Gen.OneOf<string>("refs/", "refs/heads/a", "refs/heads/ab", "refs/heads/b", "HEAD").Array[0, 4]).Sample((snapshot, prefixes) =>
        {
            var all = RefSnapshotParser.ParseListing(Listing(snapshot, []), ObjectFormat.Sha1);
            var some = RefSnapshotParser.ParseListing(Listing(snapshot, prefixes), ObjectFormat.Sha1);
            return Lines(all).SequenceEqual(Lines(snapshot))
                && Lines(some).SequenceEqual(Lines(snapshot.Filter(entry => prefixes.Length == 0 || prefixes.Any(prefix => Name(entry).StartsWith(prefix, StringComparison.Ordinal)))));
        });

        static byte[] Listing(RefSnapshot snapshot, string[] prefixes)
        {
            var body = "command=ls-refs\n0001\npeel\nsymrefs\n" + string.Concat(prefixes.Select(prefix => $"ref-prefix {prefix}\n")) + "0000";
            return Wire.Written(output => LsRefsResponseWriter.Write(output, LsRefsRequest.Parse(CommandRequest.Parse(Wire.Bytes(body))), snapshot));
        }
    }

    [Theory]
    [InlineData($"{A} refs/heads/b\\n\n{A} refs/heads/a\\n\n0000")]
    [InlineData($"{A} refs/heads/a\\n\n{A} refs/heads/a\\n\n0000")]
    [InlineData($"{A} refs/heads/a\\n\n{A} HEAD\\n\n0000")]
    [InlineData($"{A} refs/heads/a peeled:{B} peeled:{B}\\n\n0000")]
    [InlineData($"{A} refs/heads/a peeled:x\\n\n0000")]
    [InlineData($"{A} refs/heads/a peeled:{A256}\\n\n0000")]
    [InlineData($"{A} refs/heads/a unknown:x\\n\n0000")]
    [InlineData($"{A} refs/heads/a  \\n\n0000")]
    [InlineData("unborn refs/heads/a\\n\n0000")]
    [InlineData($"{A256} refs/heads/a\\n\n0000")]
    [InlineData($"{A}\\n\n0000")]
    [InlineData($"{A} \\n\n0000")]
    [InlineData("0001\n0000")]
    [InlineData("0000\n0000")]
    public void Rejects_listings_that_git_never_sends(string text)
    {
        Assert.Throws<PktLineException>(() => RefSnapshotParser.ParseListing(Wire.Bytes(text), ObjectFormat.Sha1));
    }

    [Theory]
    [InlineData($"{A} refs/heads/b\\0a\\n\n{A} refs/heads/a\\n\n0000")]
    [InlineData($"{A} refs/tags/a^{{}}\\0a\\n\n0000")]
    [InlineData($"{A} refs/tags/a\\0a\\n\n{B} refs/tags/b^{{}}\\n\n0000")]
    [InlineData($"{A} refs/tags/a\\0a\\n\n{B} refs/tags/a^{{}}\\n\n{B} refs/tags/a^{{}}\\n\n0000")]
    [InlineData($"{A} capabilities^{{}}\\0a\\n\n0000")]
    [InlineData($"{Z} capabilities^{{}}\\0a\\n\n{A} refs/heads/a\\n\n0000")]
    [InlineData($"{A} refs/heads/a\\0a\\n\nshallow x\\n\n0000")]
    [InlineData($"{A} refs/heads/a\\0a\\n\nshallow {A}\\n\n{A} refs/heads/b\\n\n0000")]
    [InlineData($"{A} refs/heads/a b\\0a\\n\n0000")]
    [InlineData($"{A} refs/heads/a\\0object-format=md5\\n\n0000")]
    [InlineData($"# service=git-upload-pack\\n\n{A} refs/heads/a\\0a\\n\n0000")]
    [InlineData("version 2\\n\n0000")]
    [InlineData("0000\n0000")]
    public void Rejects_advertisements_that_git_never_sends(string text)
    {
        Assert.Throws<PktLineException>(() => RefSnapshotParser.ParseAdvertisement(Wire.Bytes(text)));
    }

    [Theory]
    [InlineData("version 1\\n\n0000")]
    [InlineData("0000")]
    [InlineData("version 2\\n\n\\n\n0000")]
    [InlineData("version 2\\n\nagent=x\\n\n0001")]
    [InlineData("version 2\\n\nagent=x\\n\n0000\n0000")]
    [InlineData("# service=git-upload-pack\\n\nversion 2\\n\n0000")]
    public void Rejects_what_is_no_capability_advertisement(string text)
    {
        Assert.Throws<PktLineException>(() => CapabilityAdvertisement.Parse(Wire.Bytes(text)));
    }

    [Fact]
    public void Capabilities_of_version_2_can_be_changed()
    {
        var advertisement = CapabilityAdvertisement.Parse(Wire.Bytes("# service=git-upload-pack\\n\n0000\nversion 2\\n\nagent=git/2.39.5\\n\nfetch=shallow filter\\n\nobject-info\\n\n0000"));
        Assert.Equal(
            "version 2\\n\nagent=x\\n\nfetch=shallow\\n\nbundle-uri\\n\n0000",
            Wire.Text(Wire.Written(advertisement.With("agent", "x").WithoutValue("fetch", "filter").Without("object-info").With("bundle-uri", null).WriteTo)));
        Assert.Equal(["agent=git/2.39.5", "fetch", "object-info"], advertisement.WithoutValue("fetch", "filter").WithoutValue("fetch", "shallow").Lines);
        Assert.True(advertisement.TryGetValue("fetch", out var value) && value == "shallow filter");
    }

    [Fact]
    public void Advertisement_of_a_filtered_view_tells_nothing_of_what_is_left_out()
    {
        var all = RefSnapshotParser.ParseListing(
            Wire.Bytes($"{A} HEAD symref-target:refs/heads/secret\\n\n{B} refs/heads/open\\n\n{A} refs/heads/secret\\n\n{A} refs/tags/secret peeled:{B}\\n\n0000"), ObjectFormat.Sha1);
        var visible = all.Filter(entry => Name(entry) == "refs/heads/open");
        Assert.Empty(RefSnapshotParser.ParseAdvertisement(Wire.Bytes($"{A} refs/heads/a\\0x\n{B} .have\n0000")).Filter(_ => true).Haves);
        var capabilities = CapabilityList.Of("multi_ack", "symref=HEAD:refs/heads/secret", "agent=x");
        Assert.Equal(
            $"# service=git-upload-pack\\n\n0000\n{B} refs/heads/open\\0multi_ack agent=x\\n\n0000",
            Wire.Text(Wire.Written(output => RefAdvertisementWriter.Write(output, GitService.UploadPack, GitProtocolVersion.V0, visible, capabilities))));
        Assert.Equal(
            $"# service=git-receive-pack\\n\n0000\n{Z} capabilities^{{}}\\0report-status\\n\n0000",
            Wire.Text(Wire.Written(output => RefAdvertisementWriter.Write(output, GitService.ReceivePack, GitProtocolVersion.V0, visible.Filter(_ => false), CapabilityList.Of("report-status")))));
    }

    private static string Name(RefSnapshotEntry entry) => Encoding.UTF8.GetString(entry.NameBytes.Span);

    private static IEnumerable<string> Lines(RefSnapshot snapshot) => snapshot.Entries.Select(entry => $"{entry} {entry.Peeled} {entry.SymrefTarget}");
}
