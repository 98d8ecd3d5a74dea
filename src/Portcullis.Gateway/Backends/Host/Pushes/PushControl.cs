using System.Net.Sockets;
using System.Text;

namespace Portcullis.Gateway.Backends.Host.Pushes;

/// <summary>
/// The gateway's end of the line that our <c>pre-receive</c> speaks over: it says where the quarantine is, and waits for a
/// verdict. What comes after the verdict is not listened to, since the repository's other hooks inherit the line.
/// </summary>
internal static class PushControl
{
    private const int MaxPathBytes = 4096;

    /// <summary>Waits for the hook. Null when git ended without asking: it refused the push by itself.</summary>
    /// <param name="line">Our end.</param>
    /// <param name="repository">The repository's directory, below which the quarantine must lie.</param>
    /// <param name="cancellationToken">Ends the wait.</param>
    /// <exception cref="InvalidDataException">What came is no quarantine of this repository.</exception>
    public static async Task<QuarantineQuestion?> WaitAsync(Socket line, string repository, CancellationToken cancellationToken)
    {
        var buffer = new byte[MaxPathBytes];
        var length = 0;
        while (true)
        {
            var read = await line.ReceiveAsync(buffer.AsMemory(length), cancellationToken);
            if (read == 0)
            {
                return null;
            }

            length += read;
            var end = buffer.AsSpan(0, length).IndexOf((byte)'\n');
            if (end >= 0)
            {
                return Parse(Encoding.UTF8.GetString(buffer, 0, end), repository);
            }

            if (length == buffer.Length)
            {
                throw new InvalidDataException("The pre-receive check sent an overlong line.");
            }
        }
    }

    /// <summary>Lets the push go on, or ends it.</summary>
    public static async Task AnswerAsync(Socket line, bool allow, CancellationToken cancellationToken) =>
        await line.SendAsync(allow ? "allow\n"u8.ToArray() : "refuse\n"u8.ToArray(), cancellationToken);

    private static QuarantineQuestion Parse(string path, string repository)
    {
        if (path.Length == 0)
        {
            return new QuarantineQuestion(null);
        }

        // git-receive-pack makes it as objects/incoming-XXXXXX (tmp-objdir.c).
        var parent = Path.GetDirectoryName(Path.GetFullPath(path, repository));
        return string.Equals(parent, Path.Combine(repository, "objects"), StringComparison.Ordinal)
            ? new QuarantineQuestion(Path.GetFullPath(path, repository))
            : throw new InvalidDataException("The pre-receive check named a quarantine outside the repository.");
    }
}
