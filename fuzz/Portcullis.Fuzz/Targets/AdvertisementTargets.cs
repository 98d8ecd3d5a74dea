using System.Buffers;
using System.Text;
using Portcullis.Git;
using Portcullis.Git.Advertisements;
using Portcullis.Git.FetchRequests;
using Portcullis.Git.SmartHttp;

namespace Portcullis.Fuzz.Targets;

internal static class AdvertisementTargets
{
    private static readonly LsRefsRequest Everything =
        LsRefsRequest.Parse(Git.FetchRequests.CommandRequest.Parse("0014command=ls-refs\n00010009peel\n000csymrefs\n000bunborn\n0000"u8.ToArray()));

    public static bool Capabilities(byte[] input)
    {
        var list = CapabilityList.Parse(input);
        FuzzFailureException.Unless(CapabilityList.Parse(Encoding.UTF8.GetBytes(list.ToString())).Equals(list), "capabilities read back equal");
        return true;
    }

    public static bool CapabilityAdvertisement(byte[] input)
    {
        var advertisement = Git.Advertisements.CapabilityAdvertisement.Parse(input);
        var written = new ArrayBufferWriter<byte>();
        advertisement.WriteTo(written);
        FuzzFailureException.Unless(Git.Advertisements.CapabilityAdvertisement.Parse(written.WrittenSpan).Lines.SequenceEqual(advertisement.Lines), "an advertisement reads back equal");
        return true;
    }

    /// <summary>What was read and written must read back the same, whichever service it is for.</summary>
    public static bool RefAdvertisement(byte[] input)
    {
        var advertisement = RefSnapshotParser.ParseAdvertisementWithCapabilities(input);
        var written = new ArrayBufferWriter<byte>();
        RefAdvertisementWriter.Write(written, GitService.UploadPack, GitProtocolVersion.V1, advertisement.Refs, advertisement.Capabilities);
        if (!advertisement.Capabilities.Items.IsEmpty)
        {
            var again = RefSnapshotParser.ParseAdvertisementWithCapabilities(written.WrittenMemory);
            FuzzFailureException.Unless(Text(again.Refs).SequenceEqual(Text(advertisement.Refs)), "refs read back equal");
        }

        return true;
    }

    public static bool Listing(byte[] input)
    {
        var refs = RefSnapshotParser.ParseListing(input, ObjectFormat.Sha1);
        var written = new ArrayBufferWriter<byte>();
        LsRefsResponseWriter.Write(written, Everything, refs);
        FuzzFailureException.Unless(Text(RefSnapshotParser.ParseListing(written.WrittenMemory, ObjectFormat.Sha1)).SequenceEqual(Text(refs)), "refs read back equal");
        return true;
    }

    private static IEnumerable<string> Text(RefSnapshot refs) => refs.Entries.Select(entry => $"{entry} {entry.Peeled}");
}
