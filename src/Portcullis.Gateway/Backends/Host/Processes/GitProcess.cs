using System.Net.Sockets;
using System.Text;

namespace Portcullis.Gateway.Backends.Host.Processes;

/// <summary>One running <c>git</c>: its standard streams as sockets, and its end.</summary>
/// <remarks>
/// The streams are socket pairs and not pipes, since the runtime waits for sockets without holding a thread: a thousand
/// waiting transfers cost no thread. For git they are what pipes are, save that nothing can be spliced.
/// </remarks>
internal sealed class GitProcess : IAsyncDisposable
{
    /// <summary>How many bytes of git's standard error are kept for the log.</summary>
    private const int MaxErrorBytes = 16 * 1024;

    private static readonly TimeSpan TerminationGrace = TimeSpan.FromSeconds(5);

    private readonly int id;
    private readonly Task<string> errorText;
    private readonly TimeProvider time;
    private readonly bool endsWithItsInput;
    private readonly Action released;
    private Task<int>? exit;
    private bool isLeft;

    private GitProcess(int id, int input, int output, int error, int? control, bool endsWithItsInput, TimeProvider time, Action released)
    {
        this.endsWithItsInput = endsWithItsInput;
        this.id = id;
        this.time = time;
        this.released = released;
        Input = Wrap(input);
        Output = Wrap(output);
        Control = control is { } descriptor ? Wrap(descriptor) : null;
        errorText = ReadErrorAsync(Wrap(error));
    }

    /// <summary>The process id, which is the id of its process group.</summary>
    public int Id => id;

    /// <summary>What git reads; <see cref="CloseInput"/> ends it.</summary>
    public Socket Input { get; }

    /// <summary>What git writes.</summary>
    public Socket Output { get; }

    /// <summary>The child's descriptor 3, where one was asked for: hooks inherit it.</summary>
    public Socket? Control { get; }

    /// <summary>Starts git.</summary>
    /// <param name="command">What to start.</param>
    /// <param name="time">The clock of the termination grace.</param>
    /// <param name="released">Called once when the process has been waited for.</param>
    /// <exception cref="System.ComponentModel.Win32Exception">The program could not be started.</exception>
    public static GitProcess Start(GitCommand command, TimeProvider time, Action released)
    {
        Span<(int Ours, int Theirs)> pairs = stackalloc (int, int)[4];
        var count = command.WithControl ? 4 : 3;
        var made = 0;
        try
        {
            for (; made < count; made++)
            {
                pairs[made] = NativeSpawn.SocketPair();
            }

            Span<int> theirs = stackalloc int[count];
            for (var index = 0; index < count; index++)
            {
                theirs[index] = pairs[index].Theirs;
            }

            var id = NativeSpawn.Start(command.Program, command.Arguments, command.Environment, command.Directory, theirs);
            if (command.HasLowPriority)
            {
                NativeSpawn.LowerPriority(id);
            }

            var process = new GitProcess(
                id, pairs[0].Ours, pairs[1].Ours, pairs[2].Ours, command.WithControl ? pairs[3].Ours : null, command.EndsWithItsInput, time, released);
            made = -made;
            return process;
        }
        finally
        {
            for (var index = 0; index < Math.Abs(made); index++)
            {
                NativeSpawn.Close(pairs[index].Theirs);
                if (made > 0)
                {
                    NativeSpawn.Close(pairs[index].Ours);
                }
            }
        }
    }

    /// <summary>Tells git that nothing more comes.</summary>
    public void CloseInput() => Input.Dispose();

    /// <summary>Waits for git to end, and returns its exit code.</summary>
    public Task<int> WaitAsync() => exit ??= Task.Run(() => NativeSpawn.Wait(id));

    /// <summary>What git wrote on standard error, up to a bound; complete once git has ended.</summary>
    public Task<string> ErrorTextAsync() => errorText;

    /// <summary>
    /// Ends git and all that it started: told to, and after a grace of five seconds made to. Where the command says so, it first hears that its
    /// input has ended, and what it still writes is read away: receive-pack then takes its quarantine away, which it leaves behind when a
    /// signal ends it while index-pack still writes, or when nobody reads what it says of that (SIGPIPE; write-or-die.c).
    /// </summary>
    public async Task TerminateAsync()
    {
        Input.Dispose();
        Control?.Dispose();
        var ended = WaitAsync();
        if (endsWithItsInput && !ended.IsCompleted)
        {
            await ReadAwayAsync();
            await EndsWithinAsync(ended, TerminationGrace);
        }

        Output.Dispose();
        if (!ended.IsCompleted)
        {
            NativeSpawn.SignalGroup(id, NativeSpawn.SigTerm);
            if (!await EndsWithinAsync(ended, TerminationGrace))
            {
                NativeSpawn.SignalGroup(id, NativeSpawn.SigKill);
            }
        }

        await ended;
    }

    /// <summary>Says that git has done all that it was started for and only ends: to dispose of it is then not to wait for that, which is seen to all the same.</summary>
    public void LeaveToEnd() => isLeft = true;

    /// <inheritdoc/>
    public async ValueTask DisposeAsync()
    {
        var ending = EndAsync();
        if (!isLeft)
        {
            await ending;
        }
    }

    private async Task EndAsync()
    {
        await TerminateAsync();
        released();
    }

    private async Task ReadAwayAsync()
    {
        using var patience = new CancellationTokenSource(TerminationGrace, time);
        var scratch = new byte[4096];
        try
        {
            while (await Output.ReceiveAsync(scratch, patience.Token) > 0)
            {
            }
        }
        catch (Exception exception) when (exception is OperationCanceledException or SocketException)
        {
            // It has had its time.
        }
    }

    private async Task<bool> EndsWithinAsync(Task ended, TimeSpan grace)
    {
        try
        {
            await ended.WaitAsync(grace, time);
            return true;
        }
        catch (TimeoutException)
        {
            return false;
        }
    }

    private static Socket Wrap(int descriptor) => new(new SafeSocketHandle(descriptor, ownsHandle: true));

    private static async Task<string> ReadErrorAsync(Socket error)
    {
        using (error)
        {
            var kept = new byte[MaxErrorBytes];
            var scratch = Array.Empty<byte>();
            var length = 0;
            try
            {
                while (true)
                {
                    if (length == kept.Length && scratch.Length == 0)
                    {
                        scratch = new byte[1024];
                    }

                    var read = await error.ReceiveAsync(length < kept.Length ? kept.AsMemory(length) : scratch);
                    if (read == 0)
                    {
                        break;
                    }

                    length = Math.Min(length + read, kept.Length);
                }
            }
            catch (SocketException)
            {
                // The process is gone; what it said until then is kept.
            }

            return Encoding.UTF8.GetString(kept, 0, length);
        }
    }
}
