using System.Buffers;
using System.Text;
using Portcullis.Git;
using Portcullis.Git.PktLines;
using Portcullis.Git.SmartHttp;

namespace Portcullis.Tests.Git.Advertisements;

/// <summary>What the real git says of a repository.</summary>
internal static class GitAnswers
{
    private static readonly string[] Everything = ["peel", "symrefs", "unborn"];

    /// <summary>The answer to <c>info/refs</c> as http-backend gives it.</summary>
    public static byte[] Advertisement(this ScratchRepository repository, GitService service, GitProtocolVersion version)
    {
        var answer = GitProgram.Run(
            repository.Folder, [service.Name()["git-".Length..], "--http-backend-info-refs", "."], null, ("GIT_PROTOCOL", GitProtocolHeader.ToHeaderValue(version) ?? ""));
        return version == GitProtocolVersion.V2 ? answer : [.. Encoding.ASCII.GetBytes(service == GitService.UploadPack ? "001e# service=git-upload-pack\n0000" : "001f# service=git-receive-pack\n0000"), .. answer];
    }

    /// <summary>The answer to <c>ls-refs</c>.</summary>
    public static byte[] Listing(this ScratchRepository repository, params string[] arguments) =>
        GitProgram.Run(repository.Folder, ["upload-pack", "--stateless-rpc", "."], repository.LsRefs(arguments), ("GIT_PROTOCOL", "version=2"));

    public static byte[] Listing(this ScratchRepository repository) => repository.Listing(Everything);

    /// <summary>The request for <see cref="Listing(ScratchRepository, string[])"/>.</summary>
    public static byte[] LsRefs(this ScratchRepository repository, params string[] arguments)
    {
        var request = new ArrayBufferWriter<byte>();
        request.WriteText("command=ls-refs");
        request.WriteText("object-format=" + repository.Format.ProtocolName());
        request.WriteDelim();
        foreach (var argument in arguments)
        {
            request.WriteText(argument);
        }

        request.WriteFlush();
        return request.WrittenSpan.ToArray();
    }
}
