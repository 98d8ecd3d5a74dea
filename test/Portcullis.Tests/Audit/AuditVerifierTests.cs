using System.Security.Cryptography;
using System.Text;
using CsCheck;
using Portcullis.Audit;

namespace Portcullis.Tests.Audit;

/// <summary>Every attack on a log that is at rest: what the attacker does with the files, and what the verifier, which has the public key alone, says.</summary>
public sealed class AuditVerifierTests : IDisposable
{
    private readonly LogFixture _fixture = new();

    public void Dispose() => _fixture.Dispose();

    private string Head => Path.Combine(_fixture.Folder, "gw1.head");

    [Fact]
    public async Task Any_single_byte_edited_anywhere_is_detected()
    {
        _fixture.Options = _fixture.Options with { CheckpointEvery = 3 };
        await _fixture.WriteAsync(7);
        foreach (var file in _fixture.Files.Append(Head))
        {
            var whole = await File.ReadAllBytesAsync(file);
            await Gen.Select(Gen.Int[0, whole.Length - 1], Gen.Byte.Where(b => b != 0)).SampleAsync(
                async (index, change) =>
                {
                    var edited = whole.ToArray();
                    edited[index] ^= change;
                    await AssertDetectedAsync(file, edited);
                }, iter: 150, threads: 1);
            await File.WriteAllBytesAsync(file, whole);
        }
    }

    [Fact]
    public async Task Any_byte_inserted_or_removed_is_detected()
    {
        await _fixture.WriteAsync(5);
        foreach (var file in _fixture.Files.Append(Head))
        {
            var whole = await File.ReadAllBytesAsync(file);
            await Gen.Select(Gen.Int[0, whole.Length - 1], Gen.Byte, Gen.Bool).SampleAsync(
                async (index, value, isInsertion) =>
                {
                    byte[] edited = isInsertion ? [.. whole[..index], value, .. whole[index..]] : [.. whole[..index], .. whole[(index + 1)..]];
                    await AssertDetectedAsync(file, edited);
                }, iter: 100, threads: 1);
            await File.WriteAllBytesAsync(file, whole);
        }
    }

    [Fact]
    public async Task Any_truncation_is_detected()
    {
        await _fixture.WriteAsync(5);
        var file = _fixture.Files.Single();
        var whole = await File.ReadAllBytesAsync(file);
        for (var length = 0; length < whole.Length; length += 41)
        {
            await AssertDetectedAsync(file, whole[..length]);
        }

        // At the end of a line, and of a checkpoint, too.
        for (var end = Array.IndexOf(whole, (byte)'\n') + 1; end < whole.Length; end = Array.IndexOf(whole, (byte)'\n', end) + 1)
        {
            await AssertDetectedAsync(file, whole[..end]);
        }
    }

    [Fact]
    public async Task An_edited_line_is_reported_with_its_file_and_number_and_once()
    {
        await _fixture.WriteAsync(5);
        Edit(lines => lines[3] = lines[3].Replace("alice", "mallory"));
        var problem = Assert.Single((await _fixture.VerifyAsync()).Problems);
        Assert.Equal("gw1.20260314.000001.jsonl:4: the line was changed: its content doesn't match its hash.", problem.ToString());
    }

    [Fact]
    public async Task An_edited_line_with_its_hash_made_anew_no_longer_fits_the_next()
    {
        await _fixture.WriteAsync(5);
        Edit(lines => lines[3] = Rehash(lines[3].Replace("alice", "mallory")));
        var problem = Assert.Single((await _fixture.VerifyAsync()).Problems);
        Assert.Equal((AuditProblemKind.BrokenLink, 5), (problem.Kind, problem.Line));
    }

    [Fact]
    public async Task A_chain_made_anew_to_its_end_fails_at_the_next_checkpoint()
    {
        await _fixture.WriteAsync(5);
        Edit(lines => Rechain(lines, from: 3, line => line.Replace("alice", "mallory")));
        var problems = (await _fixture.VerifyAsync()).Problems;
        Assert.Equal([AuditProblemKind.BadSignature, AuditProblemKind.OtherChain], problems.Select(p => p.Kind));
        Assert.Equal(7, problems[0].Line);
    }

    [Fact]
    public async Task A_removed_line_is_detected_even_if_the_rest_is_linked_anew()
    {
        await _fixture.WriteAsync(5);
        Edit(lines => lines.RemoveAt(3));
        Assert.Equal([AuditProblemKind.BrokenLink, AuditProblemKind.WrongCount], (await _fixture.VerifyAsync()).Problems.Select(p => p.Kind));
        Edit(lines => Rechain(lines, from: 3, line => line));
        Assert.Equal(
            [AuditProblemKind.WrongCount, AuditProblemKind.BadSignature, AuditProblemKind.OtherChain], (await _fixture.VerifyAsync()).Problems.Select(p => p.Kind));
    }

    [Fact]
    public async Task An_inserted_line_is_detected()
    {
        await _fixture.WriteAsync(5);
        Edit(lines => lines.Insert(3, lines[3]));
        Assert.Contains((await _fixture.VerifyAsync()).Problems, p => p is { Kind: AuditProblemKind.BrokenLink, Line: 5 });
    }

    [Fact]
    public async Task Lines_in_another_order_are_detected()
    {
        await _fixture.WriteAsync(5);
        Edit(lines => (lines[2], lines[3]) = (lines[3], lines[2]));
        Assert.Contains((await _fixture.VerifyAsync()).Problems, p => p is { Kind: AuditProblemKind.BrokenLink, Line: 3 });
    }

    [Fact]
    public async Task A_log_cut_at_a_checkpoint_is_betrayed_by_its_head()
    {
        _fixture.Options = _fixture.Options with { CheckpointEvery = 2 };
        await _fixture.WriteAsync(6);
        Edit(lines => lines.RemoveRange(4, lines.Count - 4));
        var problem = Assert.Single((await _fixture.VerifyAsync()).Problems);
        Assert.Equal((AuditProblemKind.MissingEnd, "gw1.head"), (problem.Kind, problem.File));
    }

    [Fact]
    public async Task A_checkpoint_of_the_log_cannot_be_made_into_a_head()
    {
        _fixture.Options = _fixture.Options with { CheckpointEvery = 2 };
        await _fixture.WriteAsync(6);
        Edit(lines => lines.RemoveRange(4, lines.Count - 4));
        var checkpoint = _fixture.Lines()[3];
        var hash = checkpoint[^66..^2];
        var signature = checkpoint[(checkpoint.IndexOf("\"signature\":\"", StringComparison.Ordinal) + 13)..][..86];
        await File.WriteAllTextAsync(
            Head, $$"""{"time":"2026-03-14T09:26:53.0000000Z","node":"gw1","event":"head","keyId":"{{_fixture.Key.KeyId}}","count":4,"hash":"{{hash}}","signature":"{{signature}}"}""" + "\n");
        Assert.Equal([AuditProblemKind.BadSignature], (await _fixture.VerifyAsync()).Problems.Select(p => p.Kind));
    }

    [Fact]
    public async Task A_head_that_was_removed_is_missed()
    {
        await _fixture.WriteAsync(2);
        File.Delete(Head);
        Assert.Equal(AuditProblemKind.MissingHead, Assert.Single((await _fixture.VerifyAsync()).Problems).Kind);
    }

    [Fact]
    public async Task An_old_head_put_back_with_an_old_log_is_betrayed_by_a_witness_kept_elsewhere()
    {
        await _fixture.WriteAsync(2);
        var old = (Log: await File.ReadAllBytesAsync(_fixture.Files.Single()), Head: await File.ReadAllBytesAsync(Head));
        await _fixture.WriteAsync(2, first: 3);
        Assert.True(AuditHead.TryParse(await File.ReadAllTextAsync(Head), out var witness));
        await File.WriteAllBytesAsync(_fixture.Files.Single(), old.Log);
        await File.WriteAllBytesAsync(Head, old.Head);

        await _fixture.AssertIntactAsync();
        var problem = Assert.Single((await _fixture.VerifyAsync(new() { Witnesses = [witness!] })).Problems);
        Assert.Equal(AuditProblemKind.MissingEnd, problem.Kind);
    }

    [Fact]
    public async Task Another_key_is_not_trusted_and_a_forger_who_names_ours_is_found()
    {
        await _fixture.WriteAsync(2);
        using var other = AuditSigningKey.Create();
        var strange = await AuditVerifier.VerifyAsync(_fixture.Folder, AuditKeySet.Parse(other.Jwk));
        Assert.Equal([AuditProblemKind.UnknownKey, AuditProblemKind.UnknownKey, AuditProblemKind.UnknownKey], strange.Problems.Select(p => p.Kind));
        var forged = await AuditVerifier.VerifyAsync(_fixture.Folder, AuditKeySet.Parse(other.Jwk.Replace(other.KeyId, _fixture.Key.KeyId)));
        Assert.Equal([AuditProblemKind.BadSignature, AuditProblemKind.BadSignature, AuditProblemKind.BadSignature], forged.Problems.Select(p => p.Kind));
    }

    [Fact]
    public async Task A_log_without_a_signer_is_not_called_intact()
    {
        _fixture.Options = _fixture.Options with { Signer = null };
        await _fixture.WriteAsync(2);
        Assert.All((await _fixture.VerifyAsync()).Problems, p => Assert.Equal(AuditProblemKind.Unsigned, p.Kind));
        Assert.False((await _fixture.VerifyAsync()).IsIntact);
    }

    [Fact]
    public async Task A_key_can_be_changed_between_two_starts()
    {
        await _fixture.WriteAsync(2);
        using var next = AuditSigningKey.Create();
        _fixture.Options = _fixture.Options with { Signer = next };
        await _fixture.WriteAsync(2, first: 3);
        var result = await AuditVerifier.VerifyAsync(_fixture.Folder, AuditKeySet.Parse($$"""{"keys":[{{_fixture.Key.Jwk}},{{next.Jwk}}]}"""));
        Assert.True(result.IsIntact, string.Join('\n', result.Problems));
    }

    [Theory]
    [InlineData(0, AuditProblemKind.MissingFile)]
    [InlineData(1, AuditProblemKind.MissingFile)]
    [InlineData(-1, AuditProblemKind.MissingEnd)]
    public async Task A_missing_file_is_detected(int index, AuditProblemKind kind)
    {
        _fixture.Options = _fixture.Options with { MaxFileBytes = 64 << 10 };
        await _fixture.WriteAsync(600);
        File.Delete(_fixture.Files[index < 0 ? ^-index : index]);
        Assert.Contains((await _fixture.VerifyAsync()).Problems, p => p.Kind == kind);
    }

    [Fact]
    public async Task A_log_of_which_only_the_head_is_left_is_detected()
    {
        await _fixture.WriteAsync(2);
        File.Delete(_fixture.Files.Single());
        Assert.Equal(AuditProblemKind.MissingEnd, Assert.Single((await _fixture.VerifyAsync()).Problems).Kind);
    }

    [Fact]
    public async Task Old_files_may_be_gone_when_that_is_said()
    {
        _fixture.Options = _fixture.Options with { MaxFileBytes = 64 << 10 };
        await _fixture.WriteAsync(600);
        File.Delete(_fixture.Files[0]);
        var result = await _fixture.VerifyAsync(new() { AllowMissingStart = true });
        Assert.True(result.IsIntact, string.Join('\n', result.Problems));
        Assert.Contains((await _fixture.VerifyAsync()).Problems, p => p.Kind == AuditProblemKind.MissingStart);
    }

    [Fact]
    public async Task Lines_of_another_node_are_detected()
    {
        await _fixture.WriteAsync(2);
        File.Move(_fixture.Files.Single(), Path.Combine(_fixture.Folder, "gw9.20260314.000001.jsonl"));
        Assert.Contains((await _fixture.VerifyAsync()).Problems, p => p is { Kind: AuditProblemKind.WrongNode, Line: 1 });
    }

    [Fact]
    public async Task A_log_in_use_is_verified_as_far_as_it_goes()
    {
        await using var log = await _fixture.OpenAsync();
        await log.AppendAsync(LogFixture.Record(), durable: true);
        using (var file = new FileStream(_fixture.Files.Single(), FileMode.Append, FileAccess.Write, FileShare.ReadWrite))
        {
            file.Write("{\"time\":"u8);
        }

        var result = await _fixture.VerifyAsync();
        var node = Assert.Single(result.Nodes);
        Assert.True(node.IsOpen);
        Assert.Equal((2, 1, 1), (node.Lines, node.Checkpoints, node.UncoveredLines));
        Assert.DoesNotContain(result.Problems, p => p.Kind == AuditProblemKind.IncompleteLine);
    }

    [Fact]
    public async Task A_flood_of_problems_is_counted_and_not_kept()
    {
        await _fixture.WriteAsync(50);
        Edit(lines =>
        {
            for (var i = 0; i < lines.Count; i++)
            {
                lines[i] = "x";
            }
        });
        var result = await _fixture.VerifyAsync(new() { MaxProblems = 5 });
        Assert.Equal(5, result.Problems.Count);
        Assert.Equal(50 + 2 - 5, result.FurtherProblems);
    }

    [Fact]
    public async Task A_line_without_end_does_not_fill_memory()
    {
        await _fixture.WriteAsync(1);
        using (var file = new FileStream(_fixture.Files.Single(), FileMode.Append))
        {
            var block = new byte[1 << 20];
            Array.Fill(block, (byte)'a');
            for (var i = 0; i < 40; i++)
            {
                file.Write(block);
            }

            file.WriteByte((byte)'\n');
        }

        var before = GC.GetTotalAllocatedBytes();
        var result = await _fixture.VerifyAsync();
        Assert.Equal((AuditProblemKind.Malformed, 4L), (result.Problems[0].Kind, result.Problems[0].Line));
        Assert.InRange(GC.GetTotalAllocatedBytes() - before, 0, 64 << 20);
    }

    private async Task AssertDetectedAsync(string file, byte[] content)
    {
        await File.WriteAllBytesAsync(file, content);
        Assert.False((await _fixture.VerifyAsync()).IsIntact);
    }

    private void Edit(Action<List<string>> edit)
    {
        var file = _fixture.Files.Single();
        var lines = File.ReadAllLines(file).ToList();
        edit(lines);
        File.WriteAllText(file, string.Concat(lines.Select(line => line + "\n")));
    }

    private static string Rehash(string line)
    {
        var hashed = line[..line.IndexOf(",\"hash\":", StringComparison.Ordinal)];
        return $"{hashed},\"hash\":\"{Convert.ToHexStringLower(SHA256.HashData(Encoding.UTF8.GetBytes(hashed)))}\"}}";
    }

    private static void Rechain(List<string> lines, int from, Func<string, string> edit)
    {
        for (var i = from; i < lines.Count; i++)
        {
            var previous = lines[i - 1][^66..^2];
            var at = lines[i].IndexOf("\"previousHash\":\"", StringComparison.Ordinal) + 16;
            lines[i] = Rehash(edit(lines[i][..at] + previous + lines[i][(at + 64)..]));
        }
    }
}
