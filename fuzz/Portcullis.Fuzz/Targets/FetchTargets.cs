using System.Buffers;
using Portcullis.Git.FetchRequests;

namespace Portcullis.Fuzz.Targets;

internal static class FetchTargets
{
    public static bool CommandRequest(byte[] input)
    {
        var request = Git.FetchRequests.CommandRequest.Parse(input);
        RequireSame(request.WriteTo, input);
        switch (request.Command)
        {
            case "ls-refs":
                LsRefsRequest.Parse(request);
                break;
            case "object-info":
                ObjectInfoRequest.Parse(request);
                break;
            case "fetch":
                RequireSame(FetchRequest.Parse(request).WriteTo, input);
                break;
        }

        return true;
    }

    public static bool Version0(byte[] input)
    {
        var fetch = FetchRequest.ParseV0(input);
        var written = new ArrayBufferWriter<byte>();
        fetch.WriteTo(written);
        var again = FetchRequest.ParseV0(written.WrittenMemory);
        FuzzFailureException.Unless(again.Lines.Select(line => (line.Kind, line.Id, line.Argument)).SequenceEqual(fetch.Lines.Select(line => (line.Kind, line.Id, line.Argument))), "lines read back equal");
        FuzzFailureException.Unless(again.Capabilities.Equals(fetch.Capabilities) && again.NegotiationStart == fetch.NegotiationStart, "capabilities read back equal");
        return true;
    }

    // Capital digits in a length become small ones; apart from that not a byte may differ.
    private static void RequireSame(Action<IBufferWriter<byte>> write, byte[] input)
    {
        var written = new ArrayBufferWriter<byte>();
        write(written);
        FuzzFailureException.Unless(written.WrittenCount == input.Length, "a request is written as it was read");
    }
}
