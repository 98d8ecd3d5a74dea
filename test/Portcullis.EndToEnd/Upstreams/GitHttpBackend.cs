using System.Globalization;
using System.Text;
using Microsoft.AspNetCore.Http;
using Portcullis.EndToEnd.Harness;

namespace Portcullis.EndToEnd.Upstreams;

/// <summary>git-http-backend(1), run for each request as a web server runs it.</summary>
/// <param name="root">The folder of the bare repositories: <c>acme/app</c> in <c>acme/app.git</c>.</param>
/// <param name="git">Whose environment it runs with.</param>
public sealed class GitHttpBackend(string root, Git git)
{
    /// <summary>The folder of a repository.</summary>
    public string FolderOf(string repository) => Path.Combine(root, repository + ".git");

    /// <summary>Makes an empty repository.</summary>
    public async Task CreateAsync(string repository, string objectFormat = "sha1")
        => await git.OutputAsync(root, "init", "--quiet", "--bare", $"--object-format={objectFormat}", FolderOf(repository));

    /// <summary>Answers a request of a server.</summary>
    public Task HandleAsync(HttpContext context)
    {
        var request = context.Request;
        return RunAsync(
            new CgiRequest(request.Method, request.Path.Value!, request.QueryString.Value is { Length: > 0 } query ? query[1..] : "")
            {
                ContentType = request.ContentType,
                ContentLength = request.ContentLength,
                ContentEncoding = request.Headers.ContentEncoding,
                GitProtocol = request.Headers["Git-Protocol"],
            },
            request.Body,
            async (head, body) =>
            {
                context.Response.StatusCode = head.Status;
                foreach (var (name, value) in head.Headers)
                {
                    context.Response.Headers[name] = value;
                }

                await body.CopyToAsync(context.Response.Body);
            });
    }

    /// <summary>Runs it.</summary>
    public async Task RunAsync(CgiRequest request, Stream body, Func<CgiHead, Stream, Task> answer)
    {
        var environment = new Dictionary<string, string>(git.Environment)
        {
            ["GIT_PROJECT_ROOT"] = root,
            ["GIT_HTTP_EXPORT_ALL"] = "1",
            ["PATH_INFO"] = request.Path,
            ["QUERY_STRING"] = request.Query,
            ["REQUEST_METHOD"] = request.Method,
            ["REMOTE_USER"] = "gateway",
            ["REMOTE_ADDR"] = "127.0.0.1",
        };
        Set("CONTENT_TYPE", request.ContentType);
        Set("CONTENT_LENGTH", request.ContentLength?.ToString(CultureInfo.InvariantCulture));
        Set("HTTP_CONTENT_ENCODING", request.ContentEncoding);
        Set("GIT_PROTOCOL", request.GitProtocol);
        using var process = Shell.Start("git", ["http-backend"], root, environment);
        var complaints = process.StandardError.ReadToEndAsync();
        var feeding = FeedAsync(body, process.StandardInput.BaseStream);
        var output = process.StandardOutput.BaseStream;
        await answer(await ReadHeadAsync(output), output);
        await process.WaitForExitAsync();
        await feeding;
        await complaints;

        void Set(string name, string? value)
        {
            if (!string.IsNullOrEmpty(value))
            {
                environment[name] = value;
            }
        }
    }

    private static async Task FeedAsync(Stream body, Stream input)
    {
        try
        {
            await body.CopyToAsync(input);
        }
        catch (IOException)
        {
            // It may answer without reading all.
        }
        finally
        {
            input.Close();
        }
    }

    // RFC 3875 §6.2: header lines, an empty line, the body.
    private static async Task<CgiHead> ReadHeadAsync(Stream output)
    {
        var status = 200;
        var headers = new List<(string, string)>();
        for (var line = await ReadLineAsync(output); line.Length > 0; line = await ReadLineAsync(output))
        {
            var colon = line.IndexOf(':');
            var (name, value) = (line[..colon], line[(colon + 1)..].Trim());
            if (name == "Status")
            {
                status = int.Parse(value.AsSpan(0, 3), CultureInfo.InvariantCulture);
            }
            else
            {
                headers.Add((name, value));
            }
        }

        return new CgiHead(status, headers);
    }

    private static async Task<string> ReadLineAsync(Stream stream)
    {
        var line = new StringBuilder();
        var one = new byte[1];
        while (await stream.ReadAsync(one) == 1 && one[0] != '\n')
        {
            line.Append((char)one[0]);
        }

        return line.ToString().TrimEnd('\r');
    }
}
